"""Tiles of a scene for peers.predict_scene: by rasterio and a thread that reads ahead, or as torchgeo has it.

Both give, row of tiles by row of tiles, images [tile, tile] as the network wants them and where they are valid.
"""

import os
import queue
import threading
from collections.abc import Callable, Iterator

import rasterio
import torch
from rasterio.windows import Window
from torch import Tensor

AHEAD = 4  # tiles read before they are needed

Normalise = Callable[[Tensor], tuple[Tensor, Tensor]]
"""values [C, tile, tile] as stored -> image [C, tile, tile], valid [tile, tile]."""


def starts(length: int, tile: int, stride: int) -> list[int]:
    """Where tiles begin; the last one sticks out of the scene."""
    return list(range(0, max(1, length - tile + stride), stride))


class RasterioTiles:
    """From the top row down."""

    def __init__(self, path: str, tile: int, stride: int, batch: int, normalise: Normalise):
        self.path, self.tile, self.batch, self.normalise = path, tile, batch, normalise
        with rasterio.open(path) as scene:
            self.tops, self.lefts = starts(scene.height, tile, stride), starts(scene.width, tile, stride)

    def read(self, ready: queue.Queue) -> None:
        with rasterio.open(self.path) as scene:
            for row in self.tops:
                for column in self.lefts:
                    window = Window(column, row, self.tile, self.tile)
                    pixels = scene.read(window=window, boundless=True, fill_value=0, out_dtype="float32")
                    ready.put(self.normalise(torch.from_numpy(pixels)))

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches that end with their row."""
        ready: queue.Queue = queue.Queue(AHEAD)
        threading.Thread(target=self.read, args=(ready,), daemon=True).start()
        for _ in self.tops:
            for begin in range(0, len(self.lefts), self.batch):
                images, valid = zip(*(ready.get() for _ in self.lefts[begin : begin + self.batch]))
                yield torch.stack(images), torch.stack(valid)


class TorchgeoTiles:
    """RasterDataset, GridGeoSampler and DataLoader with one process that reads ahead. torchgeo's grid begins at the lower left
    corner, so rows come from the bottom up."""

    def __init__(self, path: str, tile: int, stride: int, batch: int, normalise: Normalise):
        from torchgeo.datasets import RasterDataset, stack_samples
        from torchgeo.samplers import GridGeoSampler

        def transform(sample: dict) -> dict:
            image, valid = normalise(sample["image"])
            return {"image": image, "valid": valid}

        self.scene = RasterDataset(os.path.abspath(path), transforms=transform)
        with rasterio.open(path) as scene:
            height = scene.height
            self.tops = [height - tile - up for up in starts(height, tile, stride)]
            self.lefts = starts(scene.width, tile, stride)
        sampler = GridGeoSampler(self.scene, tile, stride)
        assert len(sampler) == len(self.tops) * len(self.lefts)
        self.batches = torch.utils.data.DataLoader(self.scene, batch, sampler=sampler, num_workers=1, prefetch_factor=2, collate_fn=stack_samples)

    def __iter__(self) -> Iterator[tuple[Tensor, Tensor]]:
        """Batches as the sampler cuts them: they may begin in one row and end in the next."""
        for samples in self.batches:
            yield samples["image"], samples["valid"]


LOADERS = {"rasterio": RasterioTiles, "torchgeo": TorchgeoTiles}
