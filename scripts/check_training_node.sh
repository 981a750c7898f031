#!/usr/bin/env bash
# Checks that everything from core to pretrain builds and runs without GDAL, as on a training node: builds in
# build/no-raster (ccache serves most of it after a release build) and pre-trains two steps on the synthetic world.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=build/no-raster

cmake -S . -B "$build" -G Ninja -DCMAKE_BUILD_TYPE=Release -DSKYSENSE_RASTER=OFF -DSKYSENSE_TESTS=OFF >/dev/null
cmake --build "$build" --parallel "$(scripts/jobs.sh)" --target skysense libskysense
if ldd "$build/skysense" | grep -iE 'libgdal|libproj|libgeos'; then
  echo "error: $build/skysense links the GIS stack" >&2
  exit 1
fi
run=$(mktemp -d)
trap 'rm -rf "$run"' EXIT
"$build/skysense" pretrain --preset nano --data synth:4 -o "$run/run" --set train.steps=2 --set train.batch_size=2 --set train.warmup_steps=1
"$build/skysense" info --model "$run/run/model" --json
