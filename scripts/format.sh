#!/usr/bin/env bash
# Formats the C++ files that differ from a commit (default: main), in place.
#   scripts/format.sh [--check] [BASE]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
arguments=(-i)
if [[ ${1:-} == --check ]]; then
  arguments=(--dry-run --Werror)
  shift
fi
mapfile -t files < <(scripts/changed_files.sh "${1:-main}" '*.h' '*.cc')
((${#files[@]})) || exit 0
clang-format "${arguments[@]}" "${files[@]}"
