"""detect with a detector of several sensors: HR beside a series of MS dates, what it refuses of them and survives."""

import json

import pytest
from conftest import refusal_of, result_of
from test_detect import table_of
from test_embed import kill_on_the_way, names_in
from task_scenes import write_scene

# One step that teaches nothing, on Synthetic Earth: HR of 1.25 m beside two dates of MS of 10 m.
RECIPE = """
title: detectors of two sensors that know nothing
data: {reader: places-objects, modalities: [MODALITIES], side: 64, dates: {ms: 2}}
task: {head: oriented-rcnn, fusion: true, modality: SEEN}
detection: {channels: 16, roi_head: {hidden: 32, samples: 8}, rpn: {anchor_sizes: [8, 16, 32, 64, 128], border_anchors: 1, samples: 8, proposals_before: 100, proposals: 100}}
train: {steps: 1, batch_size: 1, lr: 1.0e-9}
eval: {every: 0}
threads: 1
"""
HR = {"width": 200, "height": 160, "bands": 3, "dtype": "uint8", "pixel": 1.25, "nodata": 0}
MS = {"width": 25, "height": 20}
SCORE = ("--score", 0.08)  # of eleven classes and none at random


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("detectors")
    runs = {}
    for name, modalities, seen in (("both", "hr, ms", "hr"), ("ms", "ms", "ms")):
        recipe = folder / f"{name}.yaml"
        recipe.write_text(RECIPE.replace("MODALITIES", modalities).replace("SEEN", seen))
        result_of("finetune", "--recipe", recipe, "--data", "synth:2,val=0,test=0,size=8,hr=8,ms=3,sar=1", "--model", "random:nano", "-o", folder / name)
        runs[name] = folder / name
    return runs


@pytest.fixture
def images(folder):
    """Arguments by name: HR, and MS of two dates."""
    hr = write_scene(folder / "hr.tif", **HR)
    return {"hr": f"{hr}@2024-05-03", "may": f"{write_scene(folder / 'may.tif', seed=4, **MS)}@2024-05-01",
            "july": f"{write_scene(folder / 'july.tif', seed=5, **MS)}@2024-07-01"}


def test_every_sensor_and_date_counts_and_objects_lie_on_hr(folder, models, images):
    model = ("detect", "--model", models["both"], *SCORE, "--hr", images["hr"])
    tables = {}
    for name, ms in (("two", ["may", "july"]), ("one", ["may"]), ("none", [])):
        result = result_of(*model, *(["--ms", *(images[date] for date in ms)] if ms else []), "-o", folder / f"{name}.gpkg", "--pixel-corners")
        tables[name] = table_of(folder / f"{name}.gpkg")
        assert result["size"] == [200, 160] and len(tables[name]) == result["objects"] > 100
        assert tables[name].crs == "EPSG:32631"
        assert tables[name].centre_x.between(500000, 500250).all() and tables[name].centre_y.between(5599800, 5600000).all()
    scores = {name: sorted(table.score) for name, table in tables.items()}
    assert scores["two"] != scores["one"] != scores["none"]
    properties = json.loads((folder / "two.json").read_text())["properties"]
    assert properties["start_datetime"].startswith("2024-05-01") and properties["end_datetime"].startswith("2024-07-01")
    assert "ms sentinel2-l2a 2024-05-01 2024-07-01" in properties["skysense:scene"]


def test_threads_and_memory_give_the_same_bytes(folder, models, images):
    scene = ("--model", models["both"], *SCORE, "--hr", images["hr"], "--ms", images["may"], images["july"])
    plan = result_of("plan", "detect", *scene, "--threads", 3)
    result_of("detect", *scene, "-o", folder / "one.gpkg", "--threads", 1)
    limited = result_of("detect", *scene, "-o", folder / "three.gpkg", "--threads", 3, "--max-memory", plan["memory_bytes"])
    assert limited["jobs"] > 1 and limited["peak_memory_bytes"] < plan["memory_bytes"]
    assert (folder / "one.gpkg").read_bytes() == (folder / "three.gpkg").read_bytes()


def test_a_killed_run_of_series_goes_on_to_the_same_bytes(folder, models, images):
    hr = write_scene(folder / "hr.tif", **(HR | {"width": 640, "height": 640}))
    may, july = (write_scene(folder / f"{name}.tif", 80, 80, seed=seed) for name, seed in (("may", 4), ("july", 5)))
    options = ["--model", str(models["both"]), "--hr", f"{hr}@2024-05-03", "--ms", f"{may}@2024-05-01", f"{july}@2024-07-01", "--threads", "1",
               "--score", "0.09", "-q"]
    result_of("detect", *options, "-o", folder / "straight.gpkg")
    output = folder / "killed.gpkg"
    kill_on_the_way("detect", *options, "-o", output, journal=folder / "killed.gpkg.journal")
    other = [option.replace("07-01", "07-02") for option in options]
    assert "another scene 1" in refusal_of("detect", *other, "-o", output, "--resume")
    result = result_of("detect", *options, "-o", output, "--resume")
    assert 0 < result["resumed_tiles"] < result["tiles"]
    assert output.read_bytes() == (folder / "straight.gpkg").read_bytes()


def test_ms_that_covers_a_part_says_nothing_of_the_rest(folder, models, images):
    boxes = {}
    for seed in (4, 5):
        half = write_scene(folder / "half.tif", 10, 20, seed=seed)  # to x = 500100; tiles that see it end before 500180
        result_of("detect", "--model", models["both"], *SCORE, "--hr", images["hr"], "--ms", f"{half}@2024-05-01", "-o", folder / f"{seed}.gpkg")
        table = table_of(folder / f"{seed}.gpkg")
        for side, part in (("left", table[table.centre_x < 500100]), ("right", table[table.centre_x > 500190])):
            boxes[seed, side] = sorted(part[["centre_x", "centre_y", "score"]].itertuples(index=False, name=None))
    assert boxes[4, "right"] == boxes[5, "right"] != []
    assert boxes[4, "left"] != boxes[5, "left"]


def test_a_detector_of_ms_alone_learnt_from_labels_of_hr_answers_in_its_own_pixels(folder, models):
    may, july = (write_scene(folder / f"{name}.tif", 70, 60, seed=seed) for name, seed in (("may", 4), ("july", 5)))
    result = result_of("detect", "--model", models["ms"], "--ms", f"{may}@2024-05-01", f"{july}@2024-07-01", "-o", folder / "objects.gpkg", "--score", 0.08, "--overlay")
    table = table_of(folder / "objects.gpkg")
    assert result["size"] == [70, 60] and len(table) == result["objects"] > 10
    assert table.centre_x.between(500000, 500700).all() and table.centre_y.between(5599400, 5600000).all()
    assert table.centre_x.max() > 500600 and table.centre_y.min() < 5599500


@pytest.mark.parametrize("hr, ms, words", [
    (None, ["may"], ["the model's head sees hr images", "--hr"]),
    ("hr", ["july", "may"], ["july.tif", "in the order of their dates"]),
    ("hr", ["may", "undated"], ["undated.tif", "no date", "@YYYY-MM-DD"]),
    ("hr", ["far"], ["far.tif", "does not overlap", "hr.tif"]),
    ("hr", ["zone"], ["zone.tif", "CRS differs", "gdalwarp"]),
    ("hr", ["nowhere"], ["nowhere.tif", "no CRS"]),
    ("hr", ["narrow"], ["narrow.tif", "band"]),
    ("hr", ["gone"], ["gone.tif"]),
], ids=["no hr", "order", "no date", "apart", "other CRS", "no CRS", "too few bands", "missing"])
def test_series_that_do_not_fit_are_refused_and_leave_nothing(folder, models, images, hr, ms, words):
    images |= {"undated": write_scene(folder / "undated.tif", **MS), "gone": f"{folder / 'gone.tif'}@2024-06-01"}
    for name, other in (("far", {"left": 600000}), ("zone", {"crs": "EPSG:32632"}), ("nowhere", {"crs": None}), ("narrow", {"bands": 4})):
        images[name] = f"{write_scene(folder / f'{name}.tif', **(MS | other))}@2024-06-01"
    before = names_in(folder)
    message = refusal_of("detect", "--model", models["both"], *(["--hr", images[hr]] if hr else []), "--ms", *(images[name] for name in ms), "-o", folder / "objects.gpkg")
    assert all(word in message for word in words), message
    assert names_in(folder) == before


def test_sensors_that_the_model_does_not_know_are_refused(folder, models, images):
    sar = write_scene(folder / "sar.tif", 25, 20, bands=2, dtype="float32", nodata=None)
    scene = ("--hr", images["hr"], "--sar", f"{sar}@2024-05-01")
    assert "was not fine-tuned on sar images" in refusal_of("detect", "--model", models["both"], *scene, "-o", folder / "objects.gpkg")
    scene = ("--hr", images["hr"], "--ms", images["may"])
    assert "was not fine-tuned on hr images" in refusal_of("detect", "--model", models["ms"], *scene, "-o", folder / "objects.gpkg")
