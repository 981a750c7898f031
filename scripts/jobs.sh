#!/usr/bin/env bash
# Prints how many compilers may run at once: one a core, and 2 GB of memory each.
set -euo pipefail
cores=$(nproc)
by_memory=$(($(awk '/MemAvailable/ {print $2}' /proc/meminfo) / 2000000))
jobs=$((cores < by_memory ? cores : by_memory))
echo $((jobs > 1 ? jobs : 1))
