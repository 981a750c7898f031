"""Maps a scene as one would in PyTorch: python -m peers.predict_scene CHECKPOINT SCENE OUT.tif [...].

What `skysense predict` is compared with: the same network, weights and dtype over overlapping tiles of the same size, read
ahead (peers.scene_tiles), blended by the same weights, with accumulators for the rows under way only; then a
Cloud-Optimised GeoTIFF of the classes. Prints one JSON line.
"""

import argparse
import json
import os
import pathlib
import resource
import time

import numpy as np
import rasterio
import rasterio.shutil
import torch
from rasterio.windows import Window
from safetensors.torch import load_file
from torch import Tensor

from peers.backbone import SkySense
from peers.bench import PRESETS
from peers.process import process_age_s
from peers.scene_tiles import LOADERS
from peers.task_heads import Segmenter


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


def normaliser(contract: dict, nodata: float):
    bands = contract["bands"]
    scale, mean, std = (torch.tensor([band[key] for band in bands])[:, None, None] for key in ("scale", "mean", "std"))

    def normalise(pixels: Tensor) -> tuple[Tensor, Tensor]:
        valid = (pixels != nodata).any(0)
        return (pixels * scale - mean) / std * valid, valid

    return normalise


def ramp(tile: int, overlap: int, first: bool, last: bool) -> Tensor:
    rising = torch.arange(1, overlap + 1) / (overlap + 1)
    weights = torch.ones(tile)
    if not first:
        weights[:overlap] = rising
    if not last:
        weights[tile - overlap:] = rising.flip(0)
    return weights


class Rows:
    """Blends rows of tiles that follow each other downwards or upwards, and hands out the rows of pixels that are done."""

    def __init__(self, classes: int, tops: list[int], lefts: list[int], tile: int, overlap: int):
        self.tops, self.lefts, self.tile, self.overlap = tops, lefts, tile, overlap
        self.downwards = len(tops) < 2 or tops[1] > tops[0]
        self.shape = (classes, tile, lefts[-1] + tile)
        self.row = self.column = 0
        self.shared: tuple[Tensor, Tensor] | None = None  # what the row before left for this one

    def begin(self) -> None:
        self.sums, self.known = torch.zeros(self.shape), torch.zeros(self.shape[1:], dtype=torch.bool)
        top, bottom = self.tops[self.row] == min(self.tops), self.tops[self.row] == max(self.tops)
        self.down = ramp(self.tile, self.overlap, top, bottom)
        if self.shared is not None:
            part = slice(0, self.overlap) if self.downwards else slice(self.tile - self.overlap, None)
            self.sums[:, part], self.known[part] = self.shared

    def add(self, probabilities: Tensor, valid: Tensor) -> tuple[int, Tensor, Tensor] | None:
        """One tile; of a finished row of tiles the first row of pixels, their sums and where they are valid."""
        if self.column == 0:
            self.begin()
        left = self.lefts[self.column]
        along = ramp(self.tile, self.overlap, self.column == 0, self.column == len(self.lefts) - 1)
        self.sums[:, :, left : left + self.tile] += probabilities * (self.down[:, None] * along)
        self.known[:, left : left + self.tile] |= valid
        self.column += 1
        if self.column < len(self.lefts):
            return None
        stride, ended = self.tile - self.overlap, self.row == len(self.tops) - 1
        done = slice(0, self.tile if ended or not self.downwards else stride)
        if not ended and not self.downwards:
            done = slice(self.overlap, self.tile)
        shared = slice(stride, None) if self.downwards else slice(0, self.overlap)
        finished = self.tops[self.row] + done.start, self.sums[:, done], self.known[done]
        self.shared = self.sums[:, shared].clone(), self.known[shared].clone()
        self.row, self.column = self.row + 1, 0
        return finished


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("scene")
    parser.add_argument("output")
    parser.add_argument("--loader", default="rasterio", choices=LOADERS)
    parser.add_argument("--preset", default="nano", choices=PRESETS)
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--overlap", type=float, default=0.125, help="part of a tile")
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    network, contract, tile = load_network(arguments.checkpoint, arguments.preset)
    overlap = int(tile * arguments.overlap)
    loaded_s = process_age_s()
    network_s = 0.0
    with rasterio.open(arguments.scene) as scene:
        height, width, profile = scene.height, scene.width, scene.profile
    tiles = LOADERS[arguments.loader](arguments.scene, tile, tile - overlap, arguments.batch, normaliser(contract, profile["nodata"] or 0))
    layout = {"driver": "GTiff", "width": width, "height": height, "count": 1, "dtype": "uint8", "nodata": 255,
              "crs": profile["crs"], "transform": profile["transform"], "tiled": True, "blockxsize": 512, "blockysize": 512}
    staged = arguments.output + ".staged.tif"
    counts = np.zeros(256, np.int64)
    with rasterio.open(staged, "w", **layout) as classes, torch.inference_mode():
        rows = Rows(network.head.classifier.out_channels, tiles.tops, tiles.lefts, tile, overlap)
        for images, valid in tiles:
            started = time.perf_counter()
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=arguments.dtype == "bfloat16"):
                probabilities = network(images).float().softmax(1)
            network_s += time.perf_counter() - started
            for share, ok in zip(probabilities, valid):
                finished = rows.add(share, ok)
                if finished is None:
                    continue
                top, sums, known = finished
                outside = max(0, -top)  # a row of tiles that begins above the scene
                sums, known, top = sums[:, outside : height - top, :width], known[outside : height - top, :width], top + outside
                best = sums.argmax(0).to(torch.uint8)
                best[~known] = 255
                classes.write(best.numpy(), 1, window=Window(0, top, width, len(best)))
                counts += np.bincount(best.flatten(), minlength=256)
    rasterio.shutil.copy(staged, arguments.output, driver="COG", compress="deflate", predictor="yes", overview_resampling="nearest")
    os.remove(staged)
    seconds = process_age_s()
    print(json.dumps({
        "seconds": seconds, "start_s": loaded_s, "network_seconds": network_s, "tiles": len(tiles.tops) * len(tiles.lefts),
        "classes": counts[:255][counts[:255] > 0].tolist(), "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
