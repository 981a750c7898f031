"""What predict and change refuse, naming it, and what a failed run leaves."""

import pytest
import rasterio

from conftest import WRONG_USAGE, refusal_of, result_of
from task_scenes import models, scene, write_scene  # noqa: F401 (fixtures)
from test_embed import limit_files_to, names_in


def rescaled(path, scale, offset=0.0):
    """The scene in floats of another unit."""
    with rasterio.open(path) as source:
        layout, values = source.profile | {"dtype": "float32", "nodata": None}, source.read() * scale + offset
    with rasterio.open(path, "w", **layout) as raster:
        raster.write(values.astype("float32"))


def truncate(path):
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.parametrize("model, spoil, words", [
    ("plain", None, ["task.json", "not fine-tuned"]),
    ("scenes", None, ["classifies whole scenes"]),
    ("change", None, ["compares two times", "skysense change"]),
    ("hr", None, ["the model's head sees hr images", "--hr"]),
    ("ms", truncate, ["scene.tif", "cannot be read"]),
    ("ms", lambda path: write_scene(path, valid_rows=0), ["scene.tif", "no valid pixel"]),
    ("ms", lambda path: write_scene(path, bands=4), ["scene.tif", "band"]),
    ("ms", lambda path: path.unlink(), ["scene.tif"]),
    ("ms", lambda path: rescaled(path, 1e-4), ["scene.tif", "this is reflectance already"]),
    ("sar", lambda path: rescaled(write_scene(path, bands=2), 1e-4), ["scene.tif", "linear power, not dB"]),
], ids=["pre-trained only", "scenes", "change", "another sensor", "truncated", "all invalid", "too few bands", "missing",
        "reflectance for stored values", "linear power for dB"])
def test_what_cannot_be_mapped_is_refused_and_leaves_nothing(folder, models, scene, model, spoil, words):
    if spoil:
        spoil(scene)
    before = names_in(folder)
    message = refusal_of("predict", "--model", models[model], scene, "-o", folder / "map.tif")
    assert all(word in message for word in words), message
    assert names_in(folder) == before


def test_series_without_order_and_images_apart_are_refused(folder, models, scene):
    twice = [f"{scene}@2024-06-01", f"{scene}@2024-05-01"]
    message = refusal_of("predict", "--model", models["ms"], "--ms", *twice, "-o", folder / "map.tif")
    assert "in the order of their dates" in message
    assert "no date" in refusal_of("predict", "--model", models["ms"], "--ms", scene, scene, "-o", folder / "map.tif")
    rgb = {"bands": 3, "dtype": "uint8", "pixel": 0.5, "nodata": 0}
    one, two = write_scene(folder / "one.tif", **rgb), write_scene(folder / "two.tif", left=600000, **rgb)
    change = ("change", "--model", models["change"], one)
    assert "do not overlap" in refusal_of(*change, two, "-o", folder / "map.tif")
    assert "CRS" in refusal_of(*change, write_scene(two, crs="EPSG:32632", **rgb), "-o", folder / "map.tif")
    assert "CRS" in refusal_of(*change, write_scene(two, crs=None, **rgb), "-o", folder / "map.tif")
    assert "skysense predict" in refusal_of("change", "--model", models["hr"], one, one, "-o", folder / "map.tif")
    assert "older" in refusal_of(*change[:3], f"{one}@2024-06-01", f"{one}@2023-06-01", "-o", folder / "map.tif")
    assert not (folder / "map.tif").exists()


@pytest.mark.parametrize("verb", ["predict", "change", "detect", "embed"])
def test_a_device_that_is_not_here_is_refused_first(folder, scene, verb):
    inputs = [scene, scene] if verb == "change" else [scene]
    common = (verb, "--model", folder / "no model", *inputs, "-o", folder / "map.gpkg")
    assert "cuda:99" in refusal_of(*common, "--device", "cuda:99") or "no usable NVIDIA GPU" in refusal_of(*common, "--device", "cuda:99")
    assert "it is auto, cpu, cuda or cuda:N" in refusal_of(*common, "--device", "tpu", code=WRONG_USAGE)


def test_an_output_that_exists_is_kept(folder, models, scene):
    output = folder / "map.tif"
    output.write_text("precious")
    assert "--overwrite" in refusal_of("predict", "--model", models["ms"], scene, "-o", output)
    assert output.read_text() == "precious"


def test_a_full_disk_leaves_the_earlier_map_and_what_is_done(folder, models, scene):
    output = folder / "map.tif"
    result_of("predict", "--model", models["ms"], scene, "-o", output)
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    message = refusal_of("predict", "--model", models["ms"], scene, "-o", output, "--overwrite", preexec_fn=limit_files_to(15_000))
    assert "cannot be written" in message and "free space" in message
    after = {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith(".journal")}
    assert after == before
