"""Change by one logit and binary cross-entropy, as OSCD's recipe has it: fine-tuned, judged, mapped."""

import json

import numpy
import pytest
import rasterio

from conftest import result_of

SIDE, PIXEL_M = 32, 10.0
RECIPE = """
data: {reader: change-pairs, side: 32, options: {train_share: 0.75, sensor: sentinel2-l2a}}
task: {head: unet, channels: 32, norm: group}
loss: {kind: binary-cross-entropy}
augment: {horizontal_flip: 0.5, vertical_flip: 0.5}
train: {steps: 50, batch_size: 6, lr: 5.0e-3, schedule: exponential, gamma: 0.95, gamma_period: 0.1, warmup_steps: 2, log_every: 1}
eval: {every: 0, resamples: 20, batch: 4}
threads: 1
"""


def write(path, pixels, left=500000.0):
    path.parent.mkdir(parents=True, exist_ok=True)
    layout = {"driver": "GTiff", "width": pixels.shape[2], "height": pixels.shape[1], "count": len(pixels), "dtype": pixels.dtype.name,
              "crs": "EPSG:32631", "transform": rasterio.transform.from_origin(left, 5600000.0, PIXEL_M, PIXEL_M)}
    with rasterio.open(path, "w", **layout) as raster:
        raster.write(pixels)


def pair(random, width=SIDE, height=SIDE):
    """Two images of one ground, and the squares of it that became bright."""
    ground = random.uniform(800, 1800, (10, 1, 1)) + random.normal(0, 60, (10, height, width))
    mask = numpy.kron(random.random((height // 8, width // 8)) < 0.4, numpy.ones((8, 8))).astype(bool)
    after = ground + random.normal(0, 60, ground.shape) + 2500 * mask
    return ground.clip(1).astype("uint16"), after.clip(1).astype("uint16"), mask


@pytest.fixture(scope="module")
def tuned(tmp_path_factory):
    folder = tmp_path_factory.mktemp("change")
    random = numpy.random.default_rng(1)
    for number in range(16):
        before, after, mask = pair(random)
        write(folder / "data" / "A" / f"{number:02}.tif", before)
        write(folder / "data" / "B" / f"{number:02}.tif", after)
        write(folder / "data" / "label" / f"{number:02}.tif", 255 * mask.astype("uint8")[None])
    (folder / "recipe.yaml").write_text(RECIPE)
    result_of("finetune", "--recipe", folder / "recipe.yaml", "--data", folder / "data", "--model", "random:nano", "-o", folder / "run")
    return folder


def test_one_logit_learns_change_and_is_judged_by_its_f1(tuned):
    lines = [json.loads(line) for line in (tuned / "run" / "log.jsonl").read_text().splitlines()]
    assert lines[-1]["loss"] < 0.6 * lines[0]["loss"]
    task = json.loads((tuned / "run" / "model" / "task.json").read_text())
    assert task["loss"] == "binary-cross-entropy" and len(task["classes"]) == 2
    with rasterio.open(tuned / "data" / "label" / "00.tif") as label:
        assert set(numpy.unique(label.read())) == {0, 255}
    result = result_of("evaluate", "--model", tuned / "run", "--data", tuned / "data", "--report", tuned / "report.html")
    confusion = numpy.array(result["confusion"]).reshape(2, 2)
    assert result["metric"] == "f1" and confusion.sum() == 4 * SIDE * SIDE
    right, wrong, missed = confusion[1, 1], confusion[0, 1], confusion[1, 0]
    assert result["f1"] == pytest.approx(2 * right / (2 * right + wrong + missed)) and result["f1"] > 0.6
    assert result["calibration"]["answers"] == 4 * SIDE * SIDE
    # The answer of two is at least one half sure.
    assert all(entry["answers"] == 0 for entry in result["calibration"]["bins"][:7])
    assert ">Calibration<" in (tuned / "report.html").read_text()


def test_change_maps_a_pair_of_scenes_with_it(tuned, folder):
    before, after, mask = pair(numpy.random.default_rng(5), width=72, height=56)
    write(folder / "before.tif", before)
    write(folder / "after.tif", after)
    result = result_of("change", "--model", tuned / "run", folder / "before.tif", folder / "after.tif", "-o", folder / "change.tif",
                       "--probabilities", "--dtype", "float16", "--summary")
    with rasterio.open(folder / "before.tif") as source, rasterio.open(folder / "change.tif") as made:
        assert (made.crs, made.transform, made.shape) == (source.crs, source.transform, source.shape)
        change = made.read(1)
    with rasterio.open(folder / "change_probabilities.tif") as made:
        shares = made.read()
    assert shares.shape == (2, 56, 72)
    numpy.testing.assert_allclose(shares.sum(0), 1, atol=2e-3)
    sure = abs(shares[1] - shares[0]) > 4e-3  # float16
    assert sure.mean() > 0.9
    numpy.testing.assert_array_equal(change[sure], (shares[1] > shares[0])[sure])
    assert (change == mask).mean() > 0.8
    assert [entry["name"] for entry in result["classes"]] == ["unchanged", "changed"]
    assert result["classes"][1]["hectares"] == pytest.approx((change == 1).sum() * PIXEL_M**2 / 10000)
