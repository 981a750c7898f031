#!/usr/bin/env python3
"""Compares `skysense detect` with torchvision's Faster R-CNN in a streaming PyTorch loop: same network, weights, dtype, tiles and threads.

    .venv/bin/python benchmarks/detect.py [--threads 1] [--rounds 3] [--side 2000] [--preset nano]
    .venv/bin/python benchmarks/detect.py --model RUN --scene SCENE.tif     # a trained Faster R-CNN of HR images on a scene of one's own

Without --model the network has random weights whose scores are spread so that some --objects a tile come out
(python/peers/detection_checkpoint.py); without --scene there is one of noisy patches, RGB in uint8. Each round runs both programs one
after the other in processes of their own, in turn from either end. Times are those of whole processes, from start to a finished
GeoPackage. The ratio is the median over the rounds of the peer's seconds / ours: above 1 we are faster; `cpu_ratio` is that of their
processor time, which other work on the machine does not stretch; `network_ratio` compares a tile's time in the network alone;
`peer_start_seconds` go by until the peer has its libraries and weights; `outside` is our share of the time outside the network.
`agreement` is the part of our objects for which the peer found one of the same class with an IoU above 0.9, of the `compared` ones that
lie in a single tile: where tiles overlap, the two choose differently among what several tiles saw. Prints a table on stderr and one JSON
line on stdout.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import pyogrio.raw
import rasterio
import shapely

from programs import ROOT
from scene_runs import OURS, beside, figures, measure, median, write_scene

sys.path.insert(0, str(ROOT / "python"))
PEER = "torchvision"
PIXEL_M, OVERLAP_PART = 0.3, 4


def make_model(arguments: argparse.Namespace, folder: pathlib.Path, scene: pathlib.Path) -> pathlib.Path:
    import torch
    from peers.detection_checkpoint import write_detection_checkpoint

    tile = arguments.tile
    settings = {"task.head": "faster-rcnn", "data.side": tile, "train.epochs": 0, "train.steps": 1, "train.batch_size": 1, "eval.every": 0,
                "threads": 1}
    command = [arguments.program, "finetune", "--recipe", "places-objects", "--data", f"synth:2,size={tile // 32},hr=32,val=1",
               "--model", f"random:{arguments.preset}", "-o", folder / "run", "-q"]
    for key, value in settings.items():
        command += ["--set", f"{key}={value}"]
    subprocess.run([str(word) for word in command], check=True, stdout=subprocess.DEVNULL)
    with rasterio.open(scene) as raster:
        piece = torch.from_numpy(raster.read(window=((0, 2 * tile), (0, 2 * tile))))
    return write_detection_checkpoint(folder / "run" / "model", folder / "model", piece, score=arguments.score, objects=arguments.objects)


def objects_of(path: pathlib.Path, transform) -> tuple[np.ndarray, np.ndarray]:
    """Boxes [N, 4] in pixels of the scene, upright, and their classes."""
    _, _, polygons, columns = pyogrio.raw.read(path, columns=["class"])
    bounds = shapely.bounds(shapely.from_wkb(polygons))
    x, y = ~transform * (bounds[:, 0::2], bounds[:, 1::2])
    return np.stack([x.min(1), y.min(1), x.max(1), y.max(1)], 1), columns[0]


def in_one_tile(boxes: np.ndarray, tile: int, side: tuple[int, int]) -> np.ndarray:
    """Whether a box touches no pixel that two tiles see."""
    shared, stride = tile // OVERLAP_PART, tile - tile // OVERLAP_PART
    alone = np.ones(len(boxes), bool)
    for axis, length in enumerate(side):
        first = np.floor((boxes[:, axis] - shared) / stride)  # the only tile that may hold it alone
        first[boxes[:, axis] < shared] = 0
        begin, end = first * stride + np.where(first > 0, shared, 0), (first + 1) * stride
        end = np.where(end + shared >= length, length, end)
        alone &= (boxes[:, axis] >= begin) & (boxes[:, axis + 2] <= end)
    return alone


def agreement(ours: pathlib.Path, theirs: pathlib.Path, scene: pathlib.Path, tile: int) -> dict:
    from torch import from_numpy
    from torchvision.ops import box_iou

    with rasterio.open(scene) as raster:
        transform, side = raster.transform, (raster.width, raster.height)
    (mine, my_class), (other, other_class) = (objects_of(path, transform) for path in (ours, theirs))
    alone = in_one_tile(mine, tile, side)
    overlaps = box_iou(from_numpy(mine[alone]), from_numpy(other)).numpy()
    found = ((overlaps > 0.9) & (my_class[alone][:, None] == other_class)).any(1)
    return {"agreement": round(float(found.mean()), 4) if len(found) else None, "compared": len(found)}


def compare(arguments: argparse.Namespace, folder: pathlib.Path, model: pathlib.Path, scene: pathlib.Path, dtype: str) -> dict:
    outputs = {name: folder / f"{dtype}_{name}.gpkg" for name in (OURS, PEER)}
    common = {"threads": arguments.threads, "score": arguments.score, "tile": arguments.tile}
    options = [word for name, value in common.items() for word in (f"--{name}", value)]
    commands = {OURS: [arguments.program, "detect", "--model", model, scene, "-o", outputs[OURS], "--overwrite", "--precision", dtype, *options],
                PEER: [sys.executable, "-m", "peers.detect_scene", model, scene, outputs[PEER], "--dtype", dtype, "--batch", arguments.batch, *options]}
    results = measure(commands, arguments.rounds)
    summary = {
        "dtype": dtype, **beside(results[OURS], results[PEER]), **agreement(outputs[OURS], outputs[PEER], scene, arguments.tile), **figures(results),
        "tiles_per_second": {name: median(r["tiles"] / r["seconds"] for r in found) for name, found in results.items()},
        "peer_start_seconds": median(r["start_s"] for r in results[PEER]),
        "objects": {name: found[0]["objects"] for name, found in results.items()}}
    print(json.dumps(summary), file=sys.stderr)
    return summary


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=str(ROOT / "build/release/skysense"))
    parser.add_argument("--model", type=pathlib.Path, help="a fine-tuned run")
    parser.add_argument("--scene", type=pathlib.Path)
    parser.add_argument("--preset", default="nano", help="of the network made here")
    parser.add_argument("--tile", type=int, default=512, help="of both programs, a multiple of 64 pixels")
    parser.add_argument("--objects", type=int, default=40, help="a tile, that the network made here finds")
    parser.add_argument("--score", type=float, default=0.3)
    parser.add_argument("--side", type=int, default=2000, help="of the scene made here")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--batch", type=int, default=4, help="of the peer, in tiles")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--dtypes", nargs="+", default=["float32", "bfloat16"])
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        scene = arguments.scene or folder / "scene.tif"
        if arguments.scene is None:
            write_scene(scene, arguments.side, "uint8", 3, PIXEL_M, arguments.tile - arguments.tile // OVERLAP_PART)
        model = arguments.model / "model" if arguments.model else make_model(arguments, folder, scene)
        results = [compare(arguments, folder, model, scene, dtype) for dtype in arguments.dtypes]
    print(json.dumps({"threads": arguments.threads, "rounds": arguments.rounds, "cases": results}))


if __name__ == "__main__":
    main()
