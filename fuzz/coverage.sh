#!/usr/bin/env bash
# Line coverage of the parsers by the corpora that fuzz/run.sh collected: replays them in a build that counts lines.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
build=build/fuzz-coverage
targets=(safetensors place_index config contract collections shard osm_rules clip features datasets boxes task tile_journal object_records)
declare -A sources=([safetensors]=core/safetensors.cc [place_index]=core/place_index.cc [config]=core/config.cc [contract]=core/sensor_contract.cc
  [shard]=core/shard.cc [osm_rules]=core/osm_rules.cc [clip]=clip/ [features]=core/feature_file.cc
  [collections]='core/(rslearn_dataset|sentinel2_metadata|stac_item).cc' [datasets]='core/(csv|dataset_documents|npy).cc'
  [boxes]='(core/xml|data/box_documents|data/coco_document).cc' [task]=heads/task_description.cc [tile_journal]=core/tile_journal.cc
  [object_records]='(infer/object_records|detection/seam_merge).cc')

cmake --preset fuzz -B "$build" -DSKYSENSE_SANITIZE=fuzzer-no-link \
  -DCMAKE_CXX_FLAGS='-fprofile-instr-generate -fcoverage-mapping' >/dev/null
cmake --build "$build" --parallel "$(scripts/jobs.sh)" --target "${targets[@]/#/fuzz_}"

printf '%-24s %7s %9s\n' source lines covered
for target in "${targets[@]}"; do
  profile=$build/$target.profdata
  LLVM_PROFILE_FILE=$build/$target.profraw "$build/fuzz/fuzz_$target" -runs=0 "build/fuzz/corpus/$target" "build/fuzz/seeds/$target" 2>/dev/null
  llvm-profdata merge -sparse "$build/$target.profraw" -o "$profile"
  # Columns of the report: file, regions, missed, cover, functions, missed, cover, lines, missed, cover, …
  llvm-cov report "$build/fuzz/fuzz_$target" -instr-profile="$profile" |
    awk -v source="${sources[$target]}" '$1 ~ source {printf "%-24s %7s %9s\n", source, $8, $10}'
done
