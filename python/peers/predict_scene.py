"""Maps a scene as one would in PyTorch: python -m peers.predict_scene CHECKPOINT SCENE OUT.tif [...].

What `skysense predict` is compared with: the same network, weights and dtype over overlapping tiles of the same size, read
ahead by a thread through rasterio, blended by the same weights, with accumulators for the rows under way only; then a
Cloud-Optimised GeoTIFF of the classes. Prints one JSON line.
"""

import argparse
import json
import os
import pathlib
import queue
import resource
import threading
import time

import numpy as np
import rasterio
import rasterio.shutil
import torch
from rasterio.windows import Window
from safetensors.torch import load_file

from peers.backbone import SkySense
from peers.bench import PRESETS
from peers.process import process_age_s
from peers.task_heads import Segmenter

AHEAD = 4  # tiles read before they are needed


def load_network(checkpoint: pathlib.Path, preset: str):
    """The network, its sensor's contract and the tile's side."""
    task = json.loads((checkpoint / "task.json").read_text())
    sensors = json.loads((checkpoint / "contract.json").read_text())["sensors"]
    modality = task["output"]
    weights = load_file(checkpoint / "teacher.safetensors")
    channels = {name: len(sensor["bands"]) for name, sensor in sensors.items()}
    network = Segmenter(SkySense(PRESETS[preset], channels), modality, len(task["classes"]),
                        weights["head.classifier.weight"].shape[1])
    own = {name if name.startswith("head.") else f"skysense.{name}": tensor for name, tensor in weights.items()}
    wanted = network.state_dict()
    network.load_state_dict({name: own.get(name, wanted[name]) for name in wanted})
    assert all(name in own or "batches" in name for name in wanted)
    return network.eval(), sensors[modality], task["tile"]


def starts(length: int, tile: int, stride: int) -> list[int]:
    """Where tiles begin; the last one sticks out of the scene."""
    return list(range(0, max(1, length - tile + stride), stride))


def ramp(tile: int, overlap: int, first: bool, last: bool) -> torch.Tensor:
    rising = torch.arange(1, overlap + 1) / (overlap + 1)
    weights = torch.ones(tile)
    if not first:
        weights[:overlap] = rising
    if not last:
        weights[tile - overlap:] = rising.flip(0)
    return weights


def read_tiles(path: str, places, tile: int, scale, mean, std, ready: queue.Queue) -> None:
    with rasterio.open(path) as scene:
        for row, column in places:
            pixels = scene.read(window=Window(column, row, tile, tile), boundless=True, fill_value=0, out_dtype="float32")
            valid = torch.from_numpy((pixels != (scene.nodata or 0)).any(0))
            image = (torch.from_numpy(pixels) * scale - mean) / std
            ready.put((image * valid, valid))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("scene")
    parser.add_argument("output")
    parser.add_argument("--preset", default="nano", choices=PRESETS)
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--overlap", type=float, default=0.125, help="part of a tile")
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    network, contract, tile = load_network(arguments.checkpoint, arguments.preset)
    bands = contract["bands"]
    scale, mean, std = (torch.tensor([band[key] for band in bands])[:, None, None] for key in ("scale", "mean", "std"))
    overlap = int(tile * arguments.overlap)
    stride = tile - overlap
    loaded_s = process_age_s()
    network_s = 0.0
    with rasterio.open(arguments.scene) as scene:
        height, width, profile = scene.height, scene.width, scene.profile
    rows, columns = starts(height, tile, stride), starts(width, tile, stride)
    ready: queue.Queue = queue.Queue(AHEAD)
    places = [(row, column) for row in rows for column in columns]
    threading.Thread(target=read_tiles, args=(arguments.scene, places, tile, scale, mean, std, ready), daemon=True).start()
    layout = {"driver": "GTiff", "width": width, "height": height, "count": 1, "dtype": "uint8", "nodata": 255,
              "crs": profile["crs"], "transform": profile["transform"], "tiled": True, "blockxsize": 512, "blockysize": 512}
    staged = arguments.output + ".staged.tif"
    counts = np.zeros(256, np.int64)
    with rasterio.open(staged, "w", **layout) as classes, torch.inference_mode():
        sums = None
        for row in rows:
            band = torch.zeros(network.head.classifier.out_channels, tile, columns[-1] + tile)
            known = torch.zeros(tile, columns[-1] + tile, dtype=torch.bool)
            if sums is not None:  # what the tiles above left for these rows
                band[:, :overlap] = sums
            for begin in range(0, len(columns), arguments.batch):
                some = columns[begin : begin + arguments.batch]
                images, valid = zip(*(ready.get() for _ in some))
                started = time.perf_counter()
                with torch.autocast("cpu", dtype=torch.bfloat16, enabled=arguments.dtype == "bfloat16"):
                    probabilities = network(torch.stack(images)).float().softmax(1)
                network_s += time.perf_counter() - started
                down = ramp(tile, overlap, row == rows[0], row == rows[-1])
                for column, share, ok in zip(some, probabilities, valid):
                    along = ramp(tile, overlap, column == columns[0], column == columns[-1])
                    band[:, :, column : column + tile] += share * (down[:, None] * along)
                    known[:, column : column + tile] |= ok
            done = min(tile if row == rows[-1] else stride, height - row)
            best = band[:, :done, :width].argmax(0).to(torch.uint8)
            best[~known[:done, :width]] = 255
            classes.write(best.numpy(), 1, window=Window(0, row, width, done))
            counts += np.bincount(best.flatten(), minlength=256)
            sums = band[:, stride:].clone()
    rasterio.shutil.copy(staged, arguments.output, driver="COG", compress="deflate", predictor="yes", overview_resampling="nearest")
    os.remove(staged)
    seconds = process_age_s()
    print(json.dumps({
        "seconds": seconds, "start_s": loaded_s, "network_seconds": network_s, "tiles": len(places),
        "classes": counts[:255][counts[:255] > 0].tolist(), "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
