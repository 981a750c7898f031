#!/usr/bin/env bash
# Builds the fuzz targets and runs each for an equal share of SECONDS (default 60), on from the corpus of earlier runs.
# Prints the coverage each reached; the first finding ends the run with exit code 1 and the input that shows it.
#   fuzz/run.sh [SECONDS]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
seconds=${1:-60}
targets=(safetensors place_index config contract collections shard osm_rules clip features datasets boxes task tile_journal object_records)
build=build/fuzz

cmake --preset fuzz >/dev/null
cmake --build --preset fuzz --parallel "$(scripts/jobs.sh)" --target "${targets[@]/#/fuzz_}" fuzz_seeds
"$build/fuzz/fuzz_seeds" "$build/seeds"

share=$((seconds / ${#targets[@]}))
((share >= 1)) || share=1
printf '%-12s %9s %9s %9s %9s\n' target edges features corpus runs
for target in "${targets[@]}"; do
  corpus=$build/corpus/$target
  log=$build/$target.log
  mkdir -p "$corpus"
  if ! "$build/fuzz/fuzz_$target" -max_total_time="$share" -max_len=4096 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 \
    -dict="fuzz/$target.dict" -artifact_prefix="$build/finding-$target-" "$corpus" "$build/seeds/$target" >"$log" 2>&1; then
    cat "$log" >&2
    echo "error: fuzz_$target found an input that is neither read nor refused: see $build/finding-$target-* and $log" >&2
    exit 1
  fi
  # libFuzzer's last status line: "#N DONE cov: C ft: F corp: K/…".
  awk -v target="$target" '/\tDONE / {for (i = 1; i <= NF; ++i) {if ($i == "cov:") cov = $(i + 1); if ($i == "ft:") ft = $(i + 1); if ($i == "corp:") split($(i + 1), corp, "/")}}
    /stat::number_of_executed_units/ {runs = $2}
    END {printf "%-12s %9s %9s %9s %9s\n", target, cov, ft, corp[1], runs}' "$log"
done
