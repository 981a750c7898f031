"""Times rasterio as `skysense bench --raster` times the program: python -m peers.bench_raster --raster FILE.

Reads all pixels as float32 with their validity, in windows of the file's own blocks, and prints one JSON line with the
same keys.
"""

import argparse
import json
import resource
import statistics
import time

import numpy
import rasterio
from rasterio.windows import Window

from peers.process import process_age_s

WINDOW_SIDE = 1024  # about, in whole blocks


def whole_blocks(length: int, block: int) -> int:
    return max(1, length // block) * block


def read_all(path: str) -> tuple[int, float, float]:
    start = time.perf_counter()
    valid_pixels, value_sum = 0, 0.0
    with rasterio.open(path) as raster:
        block_height, block_width = raster.block_shapes[0]
        width = min(raster.width, whole_blocks(WINDOW_SIDE, block_width))
        height = min(raster.height, whole_blocks(WINDOW_SIDE * WINDOW_SIDE // width, block_height))
        values = numpy.empty((raster.count, height, width), numpy.float32)
        for y in range(0, raster.height, height):
            for x in range(0, raster.width, width):
                window = Window(x, y, min(width, raster.width - x), min(height, raster.height - y))
                out = values[:, : window.height, : window.width]
                raster.read(window=window, out=out)
                valid = raster.dataset_mask(window=window) != 0
                out[:, ~valid] = 0
                valid_pixels += int(valid.sum())
                value_sum += float(out.sum(dtype=numpy.float64))
    return valid_pixels, value_sum, time.perf_counter() - start


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--raster", required=True)
    parser.add_argument("--iterations", type=int, default=5)
    arguments = parser.parse_args()
    valid_pixels, value_sum, _ = read_all(arguments.raster)
    first_output_s = process_age_s()
    times = [read_all(arguments.raster)[2] for _ in range(arguments.iterations)]
    with rasterio.open(arguments.raster) as raster:
        megabytes = raster.width * raster.height * raster.count * 4 / 1e6
    seconds = statistics.median(times)
    result = {"raster": arguments.raster, "megabytes": megabytes, "seconds": times, "median_s": seconds}
    result |= {"megabytes_per_second": megabytes / seconds, "first_output_s": first_output_s}
    result |= {"valid_pixels": valid_pixels, "value_sum": value_sum}
    print(json.dumps(result | {"peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
