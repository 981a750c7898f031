"""Runs the programs that a benchmark compares: ours and the Python peers, each in a process of its own."""

import json
import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
# What our programs tell glibc's heap, the peers are given too: it keeps large buffers. With its own thresholds a block of
# the peer takes up to a tenth longer in one process than in the next, by luck of what the heap hands back between steps.
KEPT_HEAP = {"MALLOC_MMAP_THRESHOLD_": str(1 << 30), "MALLOC_TRIM_THRESHOLD_": str(2047 << 20)}


def run(command: list[str]) -> dict:
    """The last line of JSON that the command prints; its failure ends the benchmark."""
    environment = os.environ | KEPT_HEAP | {"PYTHONPATH": str(ROOT / "python")}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    if done.returncode != 0:
        sys.exit(f"error: {' '.join(command)}: {done.stderr.strip()[-2000:]}")
    return json.loads(done.stdout.strip().splitlines()[-1])
