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
import subprocess
import sys
import tempfile

import rasterio

from programs import ROOT
from scene_runs import OURS, beside, figures, measure, write_scene

sys.path.insert(0, str(ROOT / "python"))
CASES = {"hr": ("uint8", 3, 0.3, 512), "ms": ("uint16", 10, 10, 128)}  # stored type, bands, pixel in metres, tile in pixels


def same_classes(first: pathlib.Path, second: pathlib.Path) -> float:
    with rasterio.open(first) as a, rasterio.open(second) as b:
        return round(float((a.read(1) == b.read(1)).mean()), 5)


def compare(arguments: argparse.Namespace, folder: pathlib.Path, modality: str, dtype: str) -> dict:
    model, scene = folder / f"task_{modality}", folder / f"{modality}.tif"
    outputs = {name: folder / f"{modality}_{dtype}_{name}.tif" for name in (OURS, *arguments.peers)}
    commands = {OURS: [arguments.program, "predict", "--model", model, f"--{modality}", scene, "-o", outputs[OURS],
                       "--overwrite", "--precision", dtype, "--threads", arguments.threads]}
    for peer in arguments.peers:
        commands[peer] = [sys.executable, "-m", "peers.predict_scene", model, scene, outputs[peer], "--loader", peer, "--dtype", dtype,
                          "--threads", arguments.threads, "--batch", arguments.batch]
    results = measure(commands, arguments.rounds)
    peers = {peer: beside(results[OURS], results[peer]) | {"agreement": same_classes(outputs[OURS], outputs[peer])} for peer in arguments.peers}
    summary = {"modality": modality, "dtype": dtype, "peers": peers, **figures(results)}
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
