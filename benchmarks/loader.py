#!/usr/bin/env python3
"""Compares our loader with a PyTorch DataLoader that reads with rasterio, on the same GeoTIFF shards and workers.

    .venv/bin/python benchmarks/loader.py [--workers 2] [--rounds 5]

Renders places of the synthetic world with one large HR image each, writes them as GeoTIFF shards, and times random crops
and whole-file decodes. Each round runs both programs one after the other in processes of their own, each first in turn; the
ratio is the median over the rounds of our samples a second / theirs: above 1 we are faster. Ours compares every member with
its checksum when it first reads it, which happens within the time measured; theirs does not.
Prints a table on stderr and one JSON line on stdout.
"""

import argparse
import json
import math
import statistics
import sys
import tempfile

from programs import ROOT, run

HR_PER_CELL = 8


def compare(arguments: argparse.Namespace, shards: str, name: str, crop: int, batch: int, steps: int) -> dict:
    options = ["--loader", shards, "--crop", str(crop), "--batch", str(batch), "--steps", str(steps), "--workers", str(arguments.workers)]
    programs = {"skysense": [arguments.program, "bench", *options], "dataloader": [sys.executable, "-m", "peers.bench_loader", *options]}
    results = {name: [] for name in programs}
    for number in range(arguments.rounds):
        for program, command in sorted(programs.items(), reverse=number % 2 == 1):
            results[program].append(run(command))
    ours, theirs = results["skysense"], results["dataloader"]
    ratios = [a["samples_per_second"] / b["samples_per_second"] for a, b in zip(ours, theirs)]
    whole = name == "whole"
    # Both read all places equally often, so their sums agree.
    if whole and not math.isclose(ours[0]["value_sum"], theirs[0]["value_sum"], rel_tol=1e-4):
        sys.exit(f"error: the programs read different values: sums {ours[0]['value_sum']} and {theirs[0]['value_sum']}")
    summary = {"work": name, "crop": crop, "batch": batch, "ratio": round(statistics.median(ratios), 3), "ratios": [round(r, 2) for r in ratios]}
    for program, found in results.items():
        summary[program] = {
            "samples_per_second": round(statistics.median(result["samples_per_second"] for result in found), 1),
            "peak_memory_mb": round(statistics.median(result["peak_memory_mb"] for result in found)),
        }
    print(f"{name:6} {json.dumps(summary)}", file=sys.stderr)
    return summary


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build/release/skysense"))
    parser.add_argument("--places", type=int, default=16)
    parser.add_argument("--side", type=int, default=2048, help="HR pixels a side of a place")
    parser.add_argument("--crop", type=int, default=256)
    parser.add_argument("--batch", type=int, default=8, help="crops a batch; whole places come two at a time")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--epochs", type=int, default=40, help="of crops; whole places take a twentieth")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        world, shards = f"{folder}/world", f"{folder}/shards"
        size = ["--size", str(arguments.side // HR_PER_CELL), "--hr-per-cell", str(HR_PER_CELL), "--ms-dates", "0", "--sar-dates", "0"]
        run([arguments.program, "synth", "--places", str(arguments.places), *size, "-o", world])
        made = run([arguments.program, "index", world, "--to-shards", "geotiff", "-o", shards])
        samples = arguments.places * arguments.epochs
        results = [compare(arguments, shards, "crops", arguments.crop, arguments.batch, samples // arguments.batch)]
        # Whole epochs: the two batches before the clock starts are a part of the first.
        whole = max(1, arguments.epochs // 20) * arguments.places // 2 - 2
        results.append(compare(arguments, shards, "whole", arguments.side, 2, whole))
    print(json.dumps({"workers": arguments.workers, "rounds": arguments.rounds, "shard_bytes": made["bytes"], "results": results}))


if __name__ == "__main__":
    main()
