#!/usr/bin/env python3
"""Compares `skysense predict` with streaming PyTorch loops: same network, weights, dtype, tiles and threads.

    .venv/bin/python benchmarks/predict.py [--threads 1] [--rounds 3] [--side 2000] [--peers rasterio torchgeo]
    .venv/bin/python benchmarks/predict.py --side 10000 --rounds 1 --cases hr --dtypes float32 --peers    # ours alone

Makes a scene of noisy patches, RGB in uint8 and ten bands in uint16, and an untrained `nano` network with an UperNet
head; each round runs the programs one after the other in processes of their own, in turn from either end. The peers differ in how
tiles are read (python/peers/scene_tiles.py): rasterio and a thread that reads ahead, or torchgeo's RasterDataset, GridGeoSampler and
DataLoader, whose process that reads is not counted into its memory. Times are those of
whole processes, from start to a finished Cloud-Optimised GeoTIFF. The ratio is the median over the rounds of their seconds /
ours: above 1 we are faster; `cpu_ratio` is that of their processor time, which other work on the machine does not
stretch; `outside` is our share of the time outside the network. `agreement` is the part of pixels to
which both gave one class (torchgeo's tiles begin at the lower left corner). Prints a table on stderr and one JSON line on stdout.
"""

import argparse
import json
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile

import numpy as np
import rasterio

from programs import ROOT, run

sys.path.insert(0, str(ROOT / "python"))
OURS = "skysense"
CASES = {"hr": ("uint8", 3, 0.3, 512), "ms": ("uint16", 10, 10, 128)}  # stored type, bands, pixel in metres, tile in pixels


def write_scene(path: pathlib.Path, side: int, dtype: str, bands: int, pixel_m: float, stride: int) -> None:
    """Begins where a tile of ours begins, so that both programs have the same tiles: elsewhere ours may have one row and column more."""
    stride_m = stride * pixel_m
    left, top_m = (round(near / stride_m) * stride_m for near in (500000, 5600000))
    generator = np.random.default_rng(5)
    top = 200 if dtype == "uint8" else 4000
    layout = {"driver": "GTiff", "width": side, "height": side, "count": bands, "dtype": dtype, "crs": "EPSG:32631",
              "transform": rasterio.transform.from_origin(left, top_m, pixel_m, pixel_m), "tiled": True, "compress": "deflate"}
    with rasterio.open(path, "w", **layout) as scene:
        for band in range(bands):
            patches = generator.uniform(0.1, 0.9, (side // 40 + 1, side // 40 + 1)).repeat(40, 0).repeat(40, 1)[:side, :side]
            scene.write((top * (patches + generator.normal(0, 0.05, (side, side)))).clip(1, top).astype(dtype), band + 1)


def cpu_seconds() -> float:
    """User and system time of all programs run so far: what a busy machine does not stretch."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def measure(commands: dict[str, list], rounds: int) -> dict[str, list[dict]]:
    results: dict[str, list[dict]] = {name: [] for name in commands}
    for number in range(rounds):
        for name, command in sorted(commands.items(), reverse=number % 2 == 0):
            before = cpu_seconds()
            results[name].append(run([str(word) for word in command]))
            results[name][-1]["cpu_seconds"] = cpu_seconds() - before
    return results


def median(values) -> float:
    return round(statistics.median(values), 3)


def beside(ours: list[dict], theirs: list[dict], maps: tuple[pathlib.Path, pathlib.Path]) -> dict:
    """One peer's figures against ours."""
    pairs = list(zip(ours, theirs))
    ratios = [b["seconds"] / a["seconds"] for a, b in pairs]
    with rasterio.open(maps[0]) as a, rasterio.open(maps[1]) as b:
        agreement = float((a.read(1) == b.read(1)).mean())
    return {"ratio": median(ratios), "ratios": [round(r, 2) for r in ratios],
            "cpu_ratio": median(b["cpu_seconds"] / a["cpu_seconds"] for a, b in pairs),
            "memory_ratio": median(a["peak_memory_bytes"] / 2**20 / b["peak_memory_mb"] for a, b in pairs),
            "network_ratio": median(b["network_seconds"] / b["tiles"] * a["tiles"] / a["network_seconds"] for a, b in pairs),
            "agreement": round(agreement, 5)}


def compare(arguments: argparse.Namespace, folder: pathlib.Path, modality: str, dtype: str) -> dict:
    model, scene = folder / f"task_{modality}", folder / f"{modality}.tif"
    outputs = {name: folder / f"{modality}_{dtype}_{name}.tif" for name in (OURS, *arguments.peers)}
    commands = {OURS: [arguments.program, "predict", "--model", model, f"--{modality}", scene, "-o", outputs[OURS],
                       "--overwrite", "--precision", dtype, "--threads", arguments.threads]}
    for peer in arguments.peers:
        commands[peer] = [sys.executable, "-m", "peers.predict_scene", model, scene, outputs[peer], "--loader", peer, "--dtype", dtype,
                          "--threads", arguments.threads, "--batch", arguments.batch]
    results = measure(commands, arguments.rounds)
    ours = results[OURS]
    summary = {
        "modality": modality, "dtype": dtype,
        "outside": median(1 - r["network_seconds"] / r["jobs"] / r["seconds"] for r in ours),
        "peers": {peer: beside(ours, results[peer], (outputs[OURS], outputs[peer])) for peer in arguments.peers},
        "seconds": {name: median(r["seconds"] for r in found) for name, found in results.items()},
        "cpu_seconds": {name: median(r["cpu_seconds"] for r in found) for name, found in results.items()},
        "tiles": {name: found[0]["tiles"] for name, found in results.items()},
        "peak_memory_mb": {name: round(median(r["peak_memory_bytes"] / 2**20 if name == OURS else r["peak_memory_mb"] for r in found))
                           for name, found in results.items()}}
    print(json.dumps(summary), file=sys.stderr)
    return summary


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build/release/skysense"))
    parser.add_argument("--side", type=int, default=2000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=4, help="of the peer, in tiles")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--peers", nargs="*", default=["rasterio", "torchgeo"], choices=("rasterio", "torchgeo"))
    parser.add_argument("--channels", type=int, default=128, help="of the head")
    parser.add_argument("--cases", nargs="+", default=list(CASES), choices=CASES)
    parser.add_argument("--dtypes", nargs="+", default=["float32", "bfloat16"])
    arguments = parser.parse_args()
    from peers.task_checkpoint import write_task_checkpoint

    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([arguments.program, "pretrain", "--preset", "nano", "--data", "synth:2", "-o", folder / "run", "-q", "--set", "train.steps=0"], check=True, stdout=subprocess.DEVNULL)
        results = []
        for modality in arguments.cases:
            dtype, bands, pixel_m, tile = CASES[modality]
            write_scene(folder / f"{modality}.tif", arguments.side, dtype, bands, pixel_m, tile - tile // 8)
            write_task_checkpoint(folder / "run" / "model", folder / f"task_{modality}", modality=modality, tile=tile,
                                  classes=[f"class {number}" for number in range(6)], channels=arguments.channels)
            results += [compare(arguments, folder, modality, precision) for precision in arguments.dtypes]
    print(json.dumps({"side": arguments.side, "threads": arguments.threads, "rounds": arguments.rounds, "cases": results}))


if __name__ == "__main__":
    main()
