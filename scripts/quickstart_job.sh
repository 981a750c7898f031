#!/usr/bin/env bash
# The quick start's main job with the program that is built: renders a synthetic world, pre-trains nano on it, compares
# kNN on its features with the untrained model's and with plain pixel statistics on held-out regions, and maps the
# features of a held-out scene. A step that is done (its result stands in runs/quickstart/steps/) is skipped.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

program=build/release/skysense
out=runs/quickstart
# What may be tuned; the whole job takes three to four and a half minutes on two cores. The trained model is more than four
# standard errors above the untrained one and four above pixel statistics, in world 1, on which these settings were chosen,
# as in world 2, which was looked at once and afterwards.
places=${QUICKSTART_PLACES:-480}
test_places=${QUICKSTART_TEST_PLACES:-960}
# Sentinel-2-like series only: four minutes are enough for one sensor, not for three. Two small views of one date, so that
# a batch holds many places; the settings for small batches and short runs are those of docs/architecture.md. Image-level
# contrast alone: what these settings were chosen and measured with.
series=(--ms-dates 6 --sar-dates 0 --seed "${QUICKSTART_SEED:-1}")
world=(--size 32 --no-hr "${series[@]}")
train_settings=(--set train.steps="${QUICKSTART_STEPS:-60}" --set train.batch_size=128 --set train.warmup_steps=10
  --set train.checkpoint_every=30 --set train.lr=1e-3 --set train.momentum=0.9
  --set train.teacher_temperature=0.04 --set train.final_teacher_temperature=0.04
  --set contrast.pixel_level=false --set contrast.object_level=false --set weights.qsacl=0 --set weights.ita=0 --set gcpl.enabled=false
  --set contrast.fit_heads=true --set contrast.spread=0.5
  --set augment.gain=0.6 --set head.outputs=256 --set model.drop_path=0 --set model.fusion_drop_path=0
  --set views.ms_dates=1 --set views.own_dates=true --set views.local_views=0 --set inference.overlap=8)

scene_place=test-000008  # a harbour: town, quays and water

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

# The series of the held-out scene, each image with its date.
embed() {
  local scene file images=()
  scene=$out/scene/test/places/$scene_place
  for file in "$scene"/ms_*.tif; do images+=("$file@$(basename "$file" .tif | cut -d_ -f2)"); done
  "$program" embed --model "$out/model" --ms "${images[@]}" -o "$out/features.tif" --overwrite
  gdal_translate -q -of PNG -outsize 768 0 -r average --config GDAL_PAM_ENABLED NO "$scene/hr.tif" "$out/scene_rgb.png"
}

step world "rendering $places places and $test_places held-out ones" \
  "$program" synth -o "$out/world" --places "$places" --test-places "$test_places" "${world[@]}" --overwrite
step pretrain "pre-training nano" pretrain
if [[ ! -d $out/model ]]; then
  cp -rL "$out/run/model" "$out/model.part"
  mv "$out/model.part" "$out/model"
fi
step probe "kNN on held-out regions: trained, untrained, pixel statistics" \
  "$program" probe --model "$out/model" --data "$out/world" --test "$out/world/test" --method knn --baseline all --modality ms \
    -o "$out/probe"
step scene "rendering a held-out scene" \
  "$program" synth -o "$out/scene" --places 1 --test-places 9 --size 128 "${series[@]}" --overwrite
step embed "mapping its features" embed

python3 scripts/quickstart_report.py "$out"
cat "$out/summary.json"
