"""Finds a scene's objects as one would in PyTorch: python -m peers.detect_scene CHECKPOINT SCENE OUT.gpkg [...].

What `skysense detect` is compared with: torchvision's Faster R-CNN (peers.detector) with the same weights and dtype over
overlapping tiles of the same size, read ahead (peers.scene_tiles); non-maximum suppression of each class joins what tiles found,
and pyogrio writes a GeoPackage. Prints one JSON line.
"""

import argparse
import json
import os
import pathlib
import resource
import time

import numpy as np
import pyogrio.raw
import rasterio
import shapely
import torch
from torch import Tensor
from torchvision.ops import batched_nms

from peers.detector import load_detector
from peers.predict_scene import normaliser
from peers.process import process_age_s
from peers.scene_tiles import RasterioTiles


def join_tiles(found: list[dict[str, Tensor]], suppression: float, width: int, height: int) -> dict[str, Tensor]:
    """Objects in the scene's pixels, the best sighting of each; what lies in a tile's part outside of the scene is none."""
    joined = {name: torch.cat([tile[name] for tile in found]) for name in ("boxes", "scores", "labels")}
    middle = (joined["boxes"][:, :2] + joined["boxes"][:, 2:]) / 2
    inside = (middle < torch.tensor([width, height])).all(1)
    joined = {name: values[inside] for name, values in joined.items()}
    kept = batched_nms(joined["boxes"], joined["scores"], joined["labels"], suppression)
    return {name: values[kept] for name, values in joined.items()}


def write_objects(path: str, objects: dict[str, Tensor], names: list[str], profile: dict) -> None:
    x1, y1, x2, y2 = objects["boxes"].double().numpy().T
    (left, top), (right, bottom) = profile["transform"] * (x1, y1), profile["transform"] * (x2, y2)
    numbers = objects["labels"].numpy() - 1
    columns = {"class": numbers, "name": np.array(names, object)[numbers], "score": objects["scores"].double().numpy()}
    pyogrio.raw.write(path, shapely.to_wkb(shapely.box(left, bottom, right, top)), list(columns.values()), list(columns), geometry_type="Polygon",
                      crs=profile["crs"].to_wkt() if profile["crs"] else None, driver="GPKG")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("scene")
    parser.add_argument("output")
    parser.add_argument("--dtype", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--threads", type=int, default=os.cpu_count())
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--tile", type=int, default=0, help="pixels, a multiple of 64; 0: the model's own")
    parser.add_argument("--overlap", type=float, default=0.25, help="part of a tile")
    parser.add_argument("--score", type=float, default=0.3, help="objects that score less are left out")
    arguments = parser.parse_args()

    torch.set_num_threads(arguments.threads)
    network, contract, task = load_detector(arguments.checkpoint, arguments.score)
    tile = arguments.tile or task["tile"]
    loaded_s = process_age_s()
    network_s = 0.0
    with rasterio.open(arguments.scene) as scene:
        height, width, profile = scene.height, scene.width, scene.profile
    tiles = RasterioTiles(arguments.scene, tile, tile - int(tile * arguments.overlap), arguments.batch, normaliser(contract, profile["nodata"] or 0))
    corners = iter([(left, top) for top in tiles.tops for left in tiles.lefts])
    found = []
    with torch.inference_mode():
        for images, _ in tiles:
            started = time.perf_counter()
            with torch.autocast("cpu", dtype=torch.bfloat16, enabled=arguments.dtype == "bfloat16"):
                objects = network(images)
            network_s += time.perf_counter() - started
            for tile_objects in objects:
                tile_objects["boxes"] += torch.tensor(next(corners) * 2)
                found.append(tile_objects)
        joined = join_tiles(found, network.roi_heads.nms_thresh, width, height)
    pathlib.Path(arguments.output).unlink(missing_ok=True)
    write_objects(arguments.output, joined, [entry["name"] for entry in task["classes"]], profile)
    print(json.dumps({
        "seconds": process_age_s(), "start_s": loaded_s, "network_seconds": network_s, "tiles": len(found), "objects": len(joined["scores"]),
        "peak_memory_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024}))


if __name__ == "__main__":
    main()
