#!/usr/bin/env bash
# Sets up, builds and runs every test. The last output is the summary of the release tests; the exit code is that of
# the first stage that failed.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

stage() { printf '\n== %s (%d s)\n' "$*" "$SECONDS"; }
# Tests run side by side, each on one core.
export OMP_NUM_THREADS=${OMP_NUM_THREADS:-1}

stage set-up
scripts/setup.sh full
jobs=$(scripts/jobs.sh)

stage build
cmake --preset release
cmake --build --preset release --parallel "$jobs"

stage "torch-free libraries under AddressSanitizer and UndefinedBehaviorSanitizer"
cmake --preset asan-core
cmake --build --preset asan-core --parallel "$jobs"
ctest --preset asan-core --parallel "$jobs"

stage "fuzzing the parsers"
fuzz/run.sh 30

stage "all tests"
ctest --preset release --parallel "$jobs"
