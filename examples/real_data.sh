#!/usr/bin/env bash
# The whole path on real imagery: one dataset of ragged places from five sources, pre-training, probes on AID's scene
# classes, and features of a Sentinel-2 and an aerial scene.
#   examples/real_data.sh DATA_DIR [OUT]
# DATA_DIR holds terramind_s1s2, bigearthnet_s1s2, worldcereal_s1s2_ts, anysat_treesat_sample, aid_150, geotiff_variety
# and naip_ts (small pieces of these public data sets). STEPS=N sets the training steps (default 400).
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
data=${1:?usage: examples/real_data.sh DATA_DIR [OUT]}
out=${2:-runs/real_data}
steps=${STEPS:-400}
program=build/release/skysense
mkdir -p "$out"

if [[ ! -f $out/places/index.jsonl ]]; then
  "$program" index "$data"/{terramind_s1s2,bigearthnet_s1s2,worldcereal_s1s2_ts,anysat_treesat_sample,aid_150} --stats \
    -o "$out/places" | tee "$out/index.json"
fi

# Settings for small batches and a short run; few dates and local views, so that a step is cheap.
settings=(--preset nano --data "$out/places" --set train.warmup_steps=40 --set train.batch_size=16 --set train.lr=1e-3
  --set train.checkpoint_every=100 --set train.momentum=0.98 --set contrast.fit_heads=true --set contrast.spread=0.5
  --set head.outputs=1024 --set views.ms_dates=2 --set views.sar_dates=1 --set views.local_views=2
  --set inference.overlap=8)
resume=()
[[ -d $out/run/checkpoints ]] && resume=(--resume)
"$program" pretrain "${settings[@]}" --set train.steps="$steps" -o "$out/run" "${resume[@]}" | tee "$out/pretrain.json"

# The held-out split is a fixed rule of the program (a hash of each image's name); the untrained model and plain pixel
# statistics are measured beside.
for method in knn linear; do
  "$program" probe --model "$out/run/model" --data "$data/aid_150" --method "$method" --baseline all -o "$out/aid_$method" |
    tee "$out/aid_$method.json"
done

sentinel2=$(find "$data/terramind_s1s2/S2L2A" -name '*.tif' | sort | head -1)
aerial=$(find "$data/naip_ts" -name '*.tif' | sort | head -1)
"$program" embed --model "$out/run/model" --ms "$sentinel2" -o "$out/sentinel2_features.tif" --overwrite
"$program" embed --model "$out/run/model" --hr "$aerial" --bands red=1,green=2,blue=3 -o "$out/aerial_features.tif" --overwrite
