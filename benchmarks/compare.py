#!/usr/bin/env python3
"""Compares `skysense bench` with the eager PyTorch peer on the same weights, image, dtype and threads.

    .venv/bin/python benchmarks/compare.py --preset base --size 256 --batch 4 --threads 2

Each round runs both programs one after the other in processes of their own; the ratio is the median over the rounds of
peer time / our time: above 1 we are faster. --compiled adds torch.compile, --blocks the peer's blocks beside timm's.

    .venv/bin/python benchmarks/compare.py --raster SCENE.tif [SCENE.tif ...]

compares raster reading (float32 values and validity of all pixels) with rasterio instead.

    .venv/bin/python benchmarks/compare.py --pretrain --preset tiny --batch 2 --threads 2

compares whole pre-training steps (both branches, losses, backward, AdamW, moving average) with the same in PyTorch.
Prints a table on stderr and one JSON line on stdout.
"""

import argparse
import json
import os
import pathlib
import statistics
import sys
import tempfile

from programs import ROOT, run

# Two programs that compute the same agree this well in the mean square of their features.
AGREEMENT = {"float32": 1e-4, "bfloat16": 3e-2}


def compare_reading(arguments: argparse.Namespace, raster: str) -> dict:
    options = ["--raster", raster, "--iterations", str(arguments.iterations)]
    programs = {"skysense": [arguments.program, "bench", *options], "rasterio": [sys.executable, "-m", "peers.bench_raster", *options]}
    results = {name: [] for name in programs}
    for _ in range(arguments.rounds):
        for name, command in programs.items():
            results[name].append(run(command))
    ours, theirs = results["skysense"], results["rasterio"]
    for key in ("valid_pixels", "value_sum"):
        if abs(ours[0][key] - theirs[0][key]) > 1e-6 * abs(theirs[0][key]):
            sys.exit(f"error: {raster}: {key} is {ours[0][key]} here and {theirs[0][key]} with rasterio")
    summary = {"raster": raster, "megabytes": round(ours[0]["megabytes"], 1), "file_megabytes": round(ours[0]["file_megabytes"], 1)}
    for name, found in results.items():
        ratio = statistics.median(peer["median_s"] / result["median_s"] for peer, result in zip(theirs, found))
        summary[name] = {
            "megabytes_per_second": round(statistics.median(result["megabytes_per_second"] for result in found)),
            "rasterio_time_over_this": round(ratio, 3),
            "peak_memory_mb": round(statistics.median(result["peak_memory_mb"] for result in found)),
            "first_output_s": round(statistics.median(result["first_output_s"] for result in found), 2),
        }
        print(f"{pathlib.Path(raster).name} {name:9} {json.dumps(summary[name])}", file=sys.stderr)
    # What the mere bytes of the file take, of the time that reading its pixels takes.
    summary["file_bytes_share"] = round(statistics.median(result["file_bytes_median_s"] / result["median_s"] for result in ours), 3)
    return summary


def compare(arguments: argparse.Namespace, mode: str, dtype: str, case: str) -> dict:
    common = ["--case", case, "--preset", arguments.preset, "--modality", arguments.modality, "--mode", mode, "--dtype", dtype]
    common += ["--threads", str(arguments.threads), "--iterations", str(arguments.iterations)]
    ours = [arguments.program, "bench", *common, "--size", str(arguments.size), "--batch", str(arguments.batch)]
    peer = [sys.executable, "-m", "peers.bench", *common]
    programs = {"skysense": ours, "peer": peer}
    if mode == "encode" and arguments.prepared:
        programs["prepared"] = [*ours, "--prepared"]
    if arguments.compiled:
        programs["compiled"] = [*peer, "--program", "compiled"]
    results = {name: [] for name in programs}
    for _ in range(arguments.rounds):
        for name, command in programs.items():
            results[name].append(run(command))
    squares = {name: found[0]["mean_square"] for name, found in results.items()}
    for name, square in squares.items():
        if abs(square / squares["peer"] - 1) > AGREEMENT[dtype]:
            sys.exit(f"error: {name} computes something else than the peer: mean squares {squares}")
    summary = {"mode": mode, "dtype": dtype}
    for name, found in results.items():
        seconds = statistics.median(result["median_s"] for result in found)
        ratio = statistics.median(theirs["median_s"] / result["median_s"] for theirs, result in zip(results["peer"], found))
        summary[name] = {
            "seconds": round(seconds, 4),
            "images_per_second": round(arguments.batch / seconds, 3),
            "peer_time_over_this": round(ratio, 3),
            "peak_memory_mb": round(statistics.median(result["peak_memory_mb"] for result in found)),
            "first_output_s": round(statistics.median(result["first_output_s"] for result in found), 2),
        }
        for key in ("gflops", "gemm_peak_gflops", "share_of_peak"):
            if key in found[0]:
                summary[name][key] = round(statistics.median(result[key] for result in found), 3)
        print(f"{mode:7} {dtype:9} {name:9} {json.dumps(summary[name])}", file=sys.stderr)
    return summary


def compare_pretraining(arguments: argparse.Namespace, dtype: str, folder: str) -> dict:
    case = f"{folder}/pretrain.safetensors"
    common = ["--dtype", dtype, "--threads", str(arguments.threads)]
    ours = [arguments.program, "bench", "--mode", "pretrain", "--preset", arguments.preset, "--batch", str(arguments.batch), *common]
    peer = [sys.executable, "-m", "peers.bench_pretrain", "--case", case, *common]
    # Drop path draws differ: whether both compute the same is found without it.
    fixed = ["--set", "model.drop_path=0", "--set", "model.fusion_drop_path=0", "--iterations", "1", "--save-case", case]
    losses = [run([*ours, *fixed])["losses"], run([*peer, "--drop-path", "0", "--fusion-drop-path", "0", "--iterations", "1"])["losses"]]
    if any(abs(mine / theirs - 1) > AGREEMENT[dtype] for mine, theirs in zip(*losses)):
        sys.exit(f"error: the losses of the first steps differ: {losses[0]} here and {losses[1]} of the peer")
    programs = {"skysense": ours, "peer": peer} | ({"compiled": [*peer, "--program", "compiled"]} if arguments.compiled else {})
    results = {name: [] for name in programs}
    for number in range(arguments.rounds):
        for name, command in sorted(programs.items(), reverse=number % 2 == 1):
            results[name].append(run([*command, "--iterations", str(arguments.iterations)]))
    summary = {"mode": "pretrain", "dtype": dtype}
    for name, found in results.items():
        over = lambda key: statistics.median(theirs[key] / result[key] for theirs, result in zip(results["peer"], found))
        summary[name] = {
            "seconds": round(statistics.median(result["median_s"] for result in found), 3),
            "peer_time_over_this": round(over("median_s"), 3),
            "peak_memory_mb": round(statistics.median(result["peak_memory_mb"] for result in found)),
            "memory_over_peer": round(1 / over("peak_memory_mb"), 3),
        }
        print(f"pretrain {arguments.preset} {dtype:9} {name:9} {json.dumps(summary[name])}", file=sys.stderr)
    return summary


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build/release/skysense"))
    parser.add_argument("--preset", default="base")
    parser.add_argument("--modality", default="hr")
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--iterations", type=int, default=3)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--modes", nargs="+", default=["encode", "train"])
    parser.add_argument("--dtypes", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--prepared", action="store_true", help="also with weights packed for inference")
    parser.add_argument("--compiled", action="store_true", help="also torch.compile of the peer")
    parser.add_argument("--blocks", action="store_true", help="also the peer's blocks beside timm's")
    parser.add_argument("--raster", nargs="+", help="compare reading these rasters instead")
    parser.add_argument("--pretrain", action="store_true", help="compare whole pre-training steps instead; --batch counts places")
    arguments = parser.parse_args()
    if arguments.pretrain:
        with tempfile.TemporaryDirectory() as folder:
            steps = [compare_pretraining(arguments, dtype, folder) for dtype in arguments.dtypes]
        print(json.dumps({key: getattr(arguments, key) for key in ("preset", "batch", "threads", "rounds", "iterations")} | {"results": steps}))
        return
    if arguments.raster:
        readings = [compare_reading(arguments, raster) for raster in arguments.raster]
        print(json.dumps({"rounds": arguments.rounds, "iterations": arguments.iterations, "results": readings}))
        return
    with tempfile.TemporaryDirectory() as folder:
        case = f"{folder}/case.safetensors"
        size = ["--size", str(arguments.size), "--batch", str(arguments.batch), "--iterations", "1"]
        run([arguments.program, "bench", "--preset", arguments.preset, "--modality", arguments.modality, *size, "--save-case", case])
        results = [compare(arguments, mode, dtype, case) for mode in arguments.modes for dtype in arguments.dtypes]
    report = {key: getattr(arguments, key) for key in ("preset", "modality", "size", "batch", "threads", "rounds")} | {"results": results}
    if arguments.blocks:
        report["blocks"] = run([sys.executable, "-m", "peers.bench_blocks", "--threads", str(arguments.threads)])
    print(json.dumps(report))


if __name__ == "__main__":
    main()
