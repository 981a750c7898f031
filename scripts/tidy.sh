#!/usr/bin/env bash
# Runs clang-tidy over the .cc files that differ from a commit (default: main); a file takes up to a minute.
#   scripts/tidy.sh [BASE]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
[[ -f build/debug/compile_commands.json ]] || cmake --preset debug >/dev/null
# clang cannot read g++'s precompiled headers: the database without them.
database=build/debug/tidy
mkdir -p "$database"
sed -E 's/ -include [^ ]*cmake_pch\.hxx//g; s/ -Winvalid-pch//g; s/ -fpch-preprocess//g' \
  build/debug/compile_commands.json >"$database/compile_commands.json"
mapfile -t files < <(scripts/changed_files.sh "${1:-main}" '*.cc' | grep -v '^fuzz/')
((${#files[@]})) || exit 0
clang-tidy --quiet -p "$database" "${files[@]}"
