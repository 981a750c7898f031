#!/usr/bin/env bash
# From a fresh machine to a pre-trained model and a map of its features: set-up, build, and the main job on the synthetic
# world. Results in runs/quickstart/. Steps that are done are skipped; --fresh starts the job over.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")"

for argument in "$@"; do
  case "$argument" in
    --fresh) rm -rf runs/quickstart ;;
    *)
      echo "error: quickstart.sh: unknown option '$argument'; it takes --fresh" >&2
      exit 2
      ;;
  esac
done

scripts/setup.sh slim
cmake --preset release
# The tests are configured, so that ./test.sh goes on from here, but only the program and the library are built.
cmake --build --preset release --parallel "$(scripts/jobs.sh)" --target skysense libskysense
exec scripts/quickstart_job.sh
