#!/usr/bin/env bash
# The quick start's main job with the program that is built: renders a synthetic world, pre-trains nano on it, compares
# kNN on its features with the untrained model's and with plain pixel statistics on held-out regions, and maps the
# features of a held-out scene. A step that is done (its result stands in runs/quickstart/steps/) is skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

program=build/release/skysense
out=runs/quickstart
# What may be tuned: enough steps to beat the untrained model clearly, few enough for five minutes on two cores.
train_places=${QUICKSTART_TRAIN_PLACES:-256}
labelled_places=${QUICKSTART_LABELLED_PLACES:-600}
test_places=${QUICKSTART_TEST_PLACES:-480}
train_settings=(--set train.steps="${QUICKSTART_STEPS:-300}" --set train.batch_size=8 --set train.warmup_steps=30
  --set train.checkpoint_every=100 --set train.lr=1e-3)

mkdir -p "$out/steps"

# step NAME WHAT COMMAND...: runs a verb once and keeps its line of JSON and the seconds it took.
step() {
  local name=$1 what=$2 began=$EPOCHREALTIME
  shift 2
  if [[ -s $out/steps/$name.json ]]; then
    echo "quick start: $what: done before" >&2
    return
  fi
  echo "quick start: $what" >&2
  "$@" >"$out/steps/$name.part"
  awk -v from="$began" -v to="$EPOCHREALTIME" 'BEGIN {printf "%.1f\n", to - from}' >"$out/steps/$name.seconds"
  mv "$out/steps/$name.part" "$out/steps/$name.json"
}

# A training run that was stopped goes on from its newest checkpoint.
pretrain() {
  local resume=()
  [[ -d $out/run/checkpoints ]] && resume=(--resume)
  "$program" pretrain --preset nano --data "$out/world" -o "$out/run" "${train_settings[@]}" "${resume[@]}"
}
knn() { "$program" probe --data "$out/labelled" --test "$out/test" --method knn "$@"; }

step world "rendering $train_places places" "$program" synth -o "$out/world" --places "$train_places" --seed 1
step labelled "rendering $labelled_places labelled places" "$program" synth -o "$out/labelled" --places "$labelled_places" --seed 2
step test "rendering $test_places held-out places" "$program" synth -o "$out/test" --places "$test_places" --seed 2 --held-out
step untrained "the untrained model" "$program" pretrain --preset nano --data "$out/world" -o "$out/untrained" --set train.steps=0
step pretrain "pre-training" pretrain
step knn_untrained "kNN, untrained model" knn --model "$out/untrained/model"
step knn_trained "kNN, trained model" knn --model "$out/run/model"
step knn_pixel_statistics "kNN, pixel statistics" knn --features pixel-statistics
if [[ ! -d $out/model ]]; then
  cp -rL "$out/run/model" "$out/model.part"
  mv "$out/model.part" "$out/model"
fi
step scene "rendering a held-out scene" "$program" synth -o "$out/scene" --places 1 --seed 3 --held-out --cells 256
step embed "mapping its features" "$program" embed --model "$out/model" --hr "$out"/scene/*/hr.tif -o "$out/features.tif" --overwrite

python3 scripts/quickstart_report.py "$out"
cat "$out/summary.json"
