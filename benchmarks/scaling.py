#!/usr/bin/env python3
"""How much faster several processes of one thread pre-train than one: `skysense bench --mode pretrain` on as many cores.

    .venv/bin/python benchmarks/scaling.py --preset tiny [--batch 4] [--processes 2] [--rounds 5]

Every process is bound to a core of its own; all share one batch. Each round runs one process and then several; the ratio is
the median over the rounds of their times a step. Prints a table on stderr and one JSON line on stdout.
"""

import argparse
import json
import os
import socket
import statistics
import subprocess
import sys

from programs import KEPT_HEAP, ROOT


def free_port() -> int:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def bench(arguments: argparse.Namespace, count: int) -> dict:
    """The result of `count` processes, bound to the first cores."""
    options = ["--mode", "pretrain", "--preset", arguments.preset, "--batch", str(arguments.batch), "--dtype", arguments.dtype]
    options += ["--threads", "1", "--iterations", str(arguments.iterations)]
    port = free_port()
    processes = []
    for rank in range(count):
        launched = {"RANK": str(rank), "WORLD_SIZE": str(count), "LOCAL_RANK": str(rank), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        command = ["taskset", "-c", str(rank), arguments.program, "bench", *options]
        processes.append(subprocess.Popen(command, env=os.environ | KEPT_HEAP | launched, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    done = [process.communicate() for process in processes]
    for process, (_, errors) in zip(processes, done):
        if process.returncode != 0:
            sys.exit(f"error: {errors.strip()[-2000:]}")
    return json.loads(done[0][0])


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build/release/skysense"))
    parser.add_argument("--preset", default="tiny")
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--batch", type=int, default=4, help="places a step, over all processes")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    ratios, times = [], {1: [], arguments.processes: []}
    for _ in range(arguments.rounds):
        results = {count: bench(arguments, count) for count in times}
        for count, result in results.items():
            times[count].append(result["median_s"])
        ratios.append(results[1]["median_s"] / results[arguments.processes]["median_s"])
        print(f"{arguments.preset} {arguments.dtype}: {ratios[-1]:.3f} times as fast", file=sys.stderr)
    report = {key: getattr(arguments, key) for key in ("preset", "dtype", "batch", "processes", "rounds")}
    report |= {"one_s": statistics.median(times[1]), "all_s": statistics.median(times[arguments.processes])}
    print(json.dumps(report | {"speedup": round(statistics.median(ratios), 3), "ratios": [round(ratio, 3) for ratio in ratios]}))


if __name__ == "__main__":
    main()
