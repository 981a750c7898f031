"""Times a PyTorch DataLoader that reads with rasterio what `skysense bench --loader` reads: python -m peers.bench_loader.

Random crops of the places of a data set (files or GeoTIFF shards) as float32 batches, normalised by its contract, with
the validity of every pixel; the same numbers of workers, batches and samples a batch. Prints one JSON line with the same keys.
"""

import argparse
import json
import pathlib
import resource
import time

import numpy
import rasterio
import torch
from rasterio.windows import Window

WARM_UP = 2  # batches


class Crops(torch.utils.data.Dataset):
    def __init__(self, folder: pathlib.Path, modality: str, crop: int, samples: int):
        self.paths = [self.located(folder, json.loads(line)[modality][0]["path"]) for line in (folder / "index.jsonl").open()]
        bands = json.loads((folder / "contract.json").read_text())["sensors"][modality]["bands"]
        column = lambda key: torch.tensor([band[key] for band in bands], dtype=torch.float32).view(-1, 1, 1)
        self.scale, self.offset, self.mean, self.inverse_std = column("scale"), column("offset"), column("mean"), 1 / column("std")
        self.crop, self.samples = crop, samples

    @staticmethod
    def located(folder: pathlib.Path, path: str) -> str:
        head, comma, tail = path.rpartition(",")
        return f"{head}{comma}{folder / tail}"

    def __len__(self) -> int:
        return self.samples

    def __getitem__(self, number: int):
        draw = numpy.random.default_rng(number)
        epoch, position = divmod(number, len(self.paths))
        place = numpy.random.default_rng(epoch).permutation(len(self.paths))[position]
        with rasterio.open(self.paths[place]) as raster:
            x, y = (int(draw.integers(side - self.crop + 1)) for side in (raster.width, raster.height))
            window = Window(x, y, self.crop, self.crop)
            values = torch.from_numpy(raster.read(window=window, out_dtype="float32"))
            valid = torch.from_numpy(raster.dataset_mask(window=window) != 0)
        values = values * self.scale + self.offset
        values = (values - self.mean).mul_(self.inverse_std).masked_fill_(~valid, 0)
        return values, valid


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--loader", type=pathlib.Path, required=True)
    parser.add_argument("--modality", default="hr")
    parser.add_argument("--crop", type=int, default=256)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--steps", type=int, default=50)
    arguments = parser.parse_args()
    samples = (arguments.steps + WARM_UP) * arguments.batch
    crops = Crops(arguments.loader, arguments.modality, arguments.crop, samples)
    one_thread = lambda worker: torch.set_num_threads(1)
    batches = iter(torch.utils.data.DataLoader(crops, batch_size=arguments.batch, num_workers=arguments.workers, worker_init_fn=one_thread))
    total = sum(next(batches)[0].sum(dtype=torch.float64).item() for _ in range(WARM_UP))
    start = time.perf_counter()
    for values, _ in batches:
        total += values.sum(dtype=torch.float64).item()
    seconds = time.perf_counter() - start
    timed = arguments.steps * arguments.batch
    memory = sum(resource.getrusage(who).ru_maxrss for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)) / 1024
    result = {"data": str(arguments.loader), "crop": arguments.crop, "batch": arguments.batch, "workers": arguments.workers}
    result |= {"samples": timed, "seconds": seconds, "samples_per_second": timed / seconds, "value_sum": total}
    print(json.dumps(result | {"peak_memory_mb": memory}))


if __name__ == "__main__":
    main()
