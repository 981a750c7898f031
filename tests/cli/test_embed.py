"""embed on the command line: what is refused before a model is needed."""

import numpy
import pytest
import rasterio

from conftest import WRONG_USAGE, refusal_of


@pytest.fixture
def scene(folder):
    path = folder / "scene.tif"
    values = numpy.arange(64 * 64, dtype="uint16").reshape(1, 64, 64)
    with rasterio.open(path, "w", driver="GTiff", width=64, height=64, count=1, dtype="uint16", crs="EPSG:32631",
                       transform=rasterio.transform.from_origin(500000, 5600000, 10, 10)) as raster:
        raster.write(values)
    return path


def test_a_missing_model_is_named(folder, scene):
    assert "no_model" in refusal_of("embed", "--model", folder / "no_model", scene, "-o", folder / "f.tif")
    assert sorted(path.name for path in folder.iterdir()) == ["scene.tif"]


def test_nearest_without_points_is_wrong_usage(folder, scene):
    message = refusal_of("embed", "--model", folder, scene, "-o", folder / "f.tif", "--nearest", 3, code=WRONG_USAGE)
    assert "--at" in message
