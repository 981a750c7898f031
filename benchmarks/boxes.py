#!/usr/bin/env python3
"""Compares our operations on boxes with torchvision's, with shapely and with plain PyTorch.

    .venv/bin/python benchmarks/boxes.py [--rounds 3] [--slow]

Each round runs `skysense bench --boxes all` and `python -m peers.bench_boxes` one after the other in processes of their own,
each first in turn, on the same inputs; the ratio is the median over the rounds of their seconds / ours: above 1 we are
faster. With --slow the oriented operations have peers too: shapely's overlaps and those of polygons in plain PyTorch.
Prints a table on stderr and one JSON line on stdout.
"""

import argparse
import json
import math
import statistics
import sys

from programs import ROOT, run

def check(ours: dict, theirs: dict) -> None:
    """The same work was done: sums of kept boxes are equal, those of numbers but for roundings."""
    for name, sum_of_theirs in theirs["sums"].items():
        if name in ours["sums"]:
            # Polygons in float32, and overlaps within rounding of the threshold, leave a little.
            tolerance = 1e-4 if "rotated" in name else 0 if name.startswith("nms") else 1e-5
            if not math.isclose(ours["sums"][name], sum_of_theirs, rel_tol=tolerance):
                sys.exit(f"error: {name}: our sum is {ours['sums'][name]}, theirs {sum_of_theirs}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build/release/skysense"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--iterations", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--slow", action="store_true")
    arguments = parser.parse_args()
    options = ["--iterations", str(arguments.iterations), "--threads", str(arguments.threads)]
    programs = {
        "ours": [arguments.program, "bench", "--boxes", "all", *options],
        "theirs": [sys.executable, "-m", "peers.bench_boxes", *options, *(["--slow"] if arguments.slow else [])],
    }
    results = {name: [] for name in programs}
    for number in range(arguments.rounds):
        for name, command in sorted(programs.items(), reverse=number % 2 == 1):
            results[name].append(run(command))
    check(results["ours"][0], results["theirs"][0])
    summary = {}
    for name in results["ours"][0]["seconds"]:
        ours = [result["seconds"][name] for result in results["ours"]]
        summary[name] = {"seconds": statistics.median(ours)}
        if name in results["theirs"][0]["seconds"]:
            theirs = [result["seconds"][name] for result in results["theirs"]]
            ratio = statistics.median(b / a for a, b in zip(ours, theirs))
            summary[name] |= {"peer_seconds": statistics.median(theirs), "ratio": round(ratio, 2)}
    for name in ("rotated_iou_2000x2000", "rotated_iou_50x2000"):
        rows, columns = map(int, name.split("_")[-1].split("x"))
        summary[name]["pairs_per_second"] = rows * columns / summary[name]["seconds"]
    if arguments.slow:
        shapely = statistics.median(result["seconds"]["shapely_iou_50x2000"] for result in results["theirs"])
        summary["rotated_iou_50x2000"]["shapely_seconds"] = shapely
    for name, line in summary.items():
        print(f"{name:30} {json.dumps(line)}", file=sys.stderr)
    print(json.dumps({"threads": arguments.threads, "rounds": arguments.rounds, "results": summary}))


if __name__ == "__main__":
    main()
