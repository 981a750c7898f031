"""Untrained networks for maps, and scenes to map: fixtures of the tests of predict, change and detect."""

import numpy
import pytest
import rasterio

from conftest import result_of
from peers.task_checkpoint import write_task_checkpoint

CLASSES = ["open water", "forest", "field", "town", "road"]


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """Untrained networks with heads of random weights, by name."""
    folder = tmp_path_factory.mktemp("models")
    result_of("pretrain", "--preset", "nano", "--data", "synth:2", "-o", folder / "run", "--set", "train.steps=0")
    plain = folder / "run" / "model"
    def task(name, **options):
        options = {"modality": "ms", "tile": 64, "classes": CLASSES, "channels": 16} | options
        return write_task_checkpoint(plain, folder / name, **options)
    return {"plain": plain, "ms": task("ms"), "hr": task("hr", modality="hr", tile=128),
            "change": task("change", modality="hr", tile=128, kind="semantic change", head="upernet-change"),
            "series": task("series", dates=2), "sar": task("sar", modality="sar"), "scenes": task("scenes", kind="scene")}


def write_scene(path, width=150, height=130, *, bands=10, dtype="uint16", crs="EPSG:32631", pixel=10.0, left=500000.0,
                top=5600000.0, seed=3, valid_rows=None, nodata=65535):
    layout = {"driver": "GTiff", "width": width, "height": height, "count": bands, "dtype": dtype, "nodata": nodata, "crs": crs,
              "transform": rasterio.transform.from_origin(left, top, pixel, pixel)}
    generator = numpy.random.default_rng(seed)
    high = 250 if dtype == "uint8" else 3000
    patches = generator.uniform(0.05, 0.95, (bands, height // 30 + 1, width // 30 + 1)).repeat(30, 1).repeat(30, 2)
    values = high * (patches[:, :height, :width] + generator.normal(0, 0.05, (bands, height, width)))
    values = values.clip(1, high)
    if valid_rows is not None:
        values[:, valid_rows:] = nodata
    with rasterio.open(path, "w", tiled=True, blockxsize=64, blockysize=64, **layout) as raster:
        raster.write(values.astype(dtype))
    return path


@pytest.fixture
def scene(folder):
    return write_scene(folder / "scene.tif")
