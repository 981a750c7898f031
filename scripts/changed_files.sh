#!/usr/bin/env bash
# Lists the files, tracked and new, that differ from a commit and match the patterns.
#   scripts/changed_files.sh BASE PATTERN...
set -euo pipefail
base=$1
shift
{
  git diff --name-only --diff-filter=d "$(git merge-base "$base" HEAD)" -- "$@"
  git ls-files --others --exclude-standard -- "$@"
} | sort -u
