#!/usr/bin/env bash
# Prints how many compilers may run at once: one a core, and 2 GB of memory each.
set -euo pipefail
# nproc takes OMP_NUM_THREADS, which tests set to 1, for the number of cores.
cores=$(env -u OMP_NUM_THREADS nproc)
by_memory=$(($(awk '/MemAvailable/ {print $2}' /proc/meminfo) / 2000000))
jobs=$((cores < by_memory ? cores : by_memory))
echo $((jobs > 1 ? jobs : 1))
