"""What the comparisons of whole programs on a scene share: the scene, runs in turn, and the figures of ours beside a peer's."""

import pathlib
import resource
import statistics

import numpy as np
import rasterio

from programs import run

OURS = "skysense"


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
    """What each program printed, round by round; every other round they run in the reverse order."""
    results: dict[str, list[dict]] = {name: [] for name in commands}
    for number in range(rounds):
        for name, command in sorted(commands.items(), reverse=number % 2 == 0):
            before = cpu_seconds()
            results[name].append(run([str(word) for word in command]))
            results[name][-1]["cpu_seconds"] = cpu_seconds() - before
    return results


def median(values) -> float:
    return round(statistics.median(values), 3)


def memory_mb(result: dict) -> float:
    return result["peak_memory_bytes"] / 2**20 if "peak_memory_bytes" in result else result["peak_memory_mb"]


def beside(ours: list[dict], theirs: list[dict]) -> dict:
    """One peer's figures against ours; above 1 ours needs less time, below 1 less memory."""
    pairs = list(zip(ours, theirs))
    ratios = [b["seconds"] / a["seconds"] for a, b in pairs]
    return {"ratio": median(ratios), "ratios": [round(r, 2) for r in ratios],
            "cpu_ratio": median(b["cpu_seconds"] / a["cpu_seconds"] for a, b in pairs),
            "memory_ratio": median(memory_mb(a) / memory_mb(b) for a, b in pairs),
            "network_ratio": median(b["network_seconds"] / b["tiles"] * a["tiles"] / a["network_seconds"] for a, b in pairs)}


def figures(results: dict[str, list[dict]]) -> dict:
    """Every program's own, and our share of the time outside the network."""
    return {"outside": median(1 - r["network_seconds"] / r["jobs"] / r["seconds"] for r in results[OURS]),
            "seconds": {name: median(r["seconds"] for r in found) for name, found in results.items()},
            "cpu_seconds": {name: median(r["cpu_seconds"] for r in found) for name, found in results.items()},
            "tiles": {name: found[0]["tiles"] for name, found in results.items()},
            "peak_memory_mb": {name: round(median(map(memory_mb, found))) for name, found in results.items()}}
