"""Rasters as rasterio sees them; `doctor` and `index` on generated and on real imagery."""

import json
import os
import pathlib

import numpy
import pytest
import rasterio

from conftest import WRONG_USAGE, refusal_of, result_of

DATA = pathlib.Path(os.environ.get("SKYSENSE_TEST_DATA", "/nowhere"))
FIVE = ["terramind_s1s2", "bigearthnet_s1s2", "worldcereal_s1s2_ts", "anysat_treesat_sample", "aid_150"]


def real(name):
    path = DATA / name
    if not path.exists():
        pytest.skip(f"real imagery is not here: {path}")
    return path


def write(path, values, **profile):
    profile = {"driver": "GTiff", "crs": "EPSG:32631", "transform": rasterio.transform.from_origin(5e5, 5.6e6, 10, 10), **profile}
    bands, height, width = values.shape
    with rasterio.open(path, "w", count=bands, height=height, width=width, dtype=values.dtype, **profile) as raster:
        raster.write(values)
    return path


def digital_numbers(bands=10):
    return numpy.random.default_rng(0).integers(200, 4000, (bands, 40, 40)).astype("uint16")


def test_doctor_accepts_a_fitting_scene(folder):
    result = result_of("doctor", write(folder / "scene.tif", digital_numbers()), "--sensor", "sentinel2-l2a")
    assert result["fits"] and result["problems"] == []
    assert result["gsd_m"] == pytest.approx(10)


def test_doctor_names_band_value_and_fix_of_reflectance(folder):
    scene = write(folder / "scene.tif", (digital_numbers() / 1e4).astype("float32"))
    result = result_of("doctor", scene, "--sensor", "sentinel2-l2a")
    assert not result["fits"]
    problem = result["problems"][0]
    assert problem["band"] == "B02" and "reflectance already" in problem["found"] and "10000" in problem["fix"]


def test_doctor_takes_the_contract_of_a_model_folder(folder):
    (folder / "data").mkdir()
    write(folder / "data" / "S2_L2A_a.tif", digital_numbers())
    result_of("index", folder / "data", "-o", folder / "dataset")
    result = result_of("doctor", folder / "data" / "S2_L2A_a.tif", "--model", folder / "dataset")
    assert result["fits"] and result["sensor"] == "sentinel2-l2a"


def test_doctor_reports_a_missing_band_as_a_problem(folder):
    result = result_of("doctor", write(folder / "scene.tif", digital_numbers(4)), "--sensor", "sentinel2-l2a")
    assert not result["fits"] and "B02 is missing" in result["problems"][0]["found"]


def test_doctor_refuses_what_it_cannot_read(folder):
    assert "gone.tif" in refusal_of("doctor", folder / "gone.tif", "--sensor", "sentinel2-l2a")
    scene = write(folder / "scene.tif", digital_numbers())
    assert "sentinel2-l2a" in refusal_of("doctor", scene, "--sensor", "sentinel2-l2", code=WRONG_USAGE)
    refusal_of("doctor", scene, code=WRONG_USAGE)


def test_the_five_real_sources_make_one_dataset(folder):
    result = result_of("index", *[real(name) for name in FIVE], "--stats", "-o", folder / "dataset")
    assert result["sensors"] == {"hr": "aerial-rgb", "ms": "sentinel2-l2a", "sar": "sentinel1-grd-db"}
    places = [json.loads(line) for line in (folder / "dataset" / "index.jsonl").read_text().splitlines()]
    source = lambda name: [place for place in places if place["id"].startswith(name + "/")]
    assert len(source("terramind_s1s2")) == 3
    assert all({"ms", "sar", "label", "lonlat"} <= place.keys() for place in source("terramind_s1s2"))
    assert len(source("bigearthnet_s1s2")) == 3
    assert all(len(place["ms"][0]["path"]) == 10 and len(place["sar"][0]["path"]) == 2 for place in source("bigearthnet_s1s2"))
    (crops,) = source("worldcereal_s1s2_ts")
    assert len(crops["ms"]) == 10 and len(crops["sar"]) == 12
    assert crops["sar"][0]["date"] == "2020-11-01"
    (forest,) = source("anysat_treesat_sample")
    assert len(forest["hr"]) == 1 and len(forest["ms"]) > 50 and len(forest["sar"]) == 146
    assert all(image["date"].startswith("2020-") for image in forest["ms"])
    scenes = source("aid_150")
    assert len(result["classes"]) == 30 and {place["class"] for place in scenes} == set(range(30))
    sensors = json.loads((folder / "dataset" / "contract.json").read_text())["sensors"]
    assert all(0.005 < band["mean"] < 0.6 and 0.01 < band["std"] < 0.5 for band in sensors["ms"]["bands"])
    assert -20 < sensors["sar"]["bands"][0]["mean"] < -5
    assert any("B8A" in note for note in result["notes"])
