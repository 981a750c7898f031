"""detect on the command line: what its files say, read by other programs, what it refuses and survives."""

import json
import subprocess

import numpy
import pyogrio
import pyproj
import pystac
import pytest
import rasterio
import shapely
from PIL import Image
from pycocotools.coco import COCO

from conftest import PROGRAM, WRONG_USAGE, refusal_of, result_of
from test_embed import kill_on_the_way, limit_files_to, names_in
from task_scenes import write_scene

CLASSES = ["cargo-ship", "truck"]
# One step that teaches nothing: a detector of random weights finds much, everywhere.
RECIPE = """
title: detectors that know nothing
data: {reader: image-boxes, side: 64, options: {boxes: BOXES}}
task: {head: HEAD}
detection: {channels: 16, roi_head: {hidden: 32, samples: 8}, rpn: {anchor_sizes: [8, 16, 32, 64, 128], border_anchors: 1, samples: 8, proposals_before: 100, proposals: 100}}
train: {steps: 1, batch_size: 1, lr: 1.0e-9}
eval: {every: 0}
threads: 1
"""
RGB = {"bands": 3, "dtype": "uint8", "pixel": 0.5, "nodata": 0}
GEOD = pyproj.Geod(ellps="WGS84")


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    folder = tmp_path_factory.mktemp("detectors")
    (folder / "data" / "images" / "train").mkdir(parents=True)
    (folder / "data" / "labels" / "train").mkdir(parents=True)
    (folder / "data" / "label-classes.json").write_text(json.dumps({"format_version": 1, "classes": CLASSES}))
    noise = numpy.random.default_rng(0).integers(1, 255, (64, 64, 3), dtype="uint8")
    Image.fromarray(noise).save(folder / "data" / "images" / "train" / "0.png")
    (folder / "data" / "labels" / "train" / "0.txt").write_text(
        "20 20 40 20 40 30 20 30 cargo-ship 0\n30 40 50 40 50 50 30 50 truck 0\n")
    runs = {}
    for boxes, head in (("oriented", "oriented-rcnn"), ("upright", "faster-rcnn")):
        recipe = folder / f"{boxes}.yaml"
        recipe.write_text(RECIPE.replace("HEAD", head).replace("BOXES", boxes))
        result_of("finetune", "--recipe", recipe, "--data", folder / "data", "--model", "random:nano", "-o", folder / boxes)
        runs[boxes] = folder / boxes
    return runs


@pytest.fixture
def scene(folder):
    return write_scene(folder / "scene.tif", **RGB)


def table_of(path):
    return pyogrio.read_dataframe(path)


def sides_of(polygon, crs):
    """Length, width and heading of the length, by pyproj's geodesics between the middles of opposite sides."""
    ring = numpy.array(polygon.exterior.coords)[:4]
    middles = [(ring[i] + ring[(i + 1) % 4]) / 2 for i in range(4)]
    to_lonlat = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    lines = []
    for a, b in ((middles[3], middles[1]), (middles[0], middles[2])):
        azimuth, _, metres = GEOD.inv(*to_lonlat.transform(*a), *to_lonlat.transform(*b))
        lines.append((metres, azimuth % 180))
    lines.sort(reverse=True)
    return lines[0][0], lines[1][0], lines[0][1]


def near_angle(a, b, tolerance):
    return abs((a - b + 90) % 180 - 90) < tolerance


@pytest.mark.parametrize("crs, place", [
    ("EPSG:32631", {}), ("EPSG:3857", {"left": 1.1e6, "top": 8.3e6}), ("EPSG:4326", {"left": 10, "top": 59.7, "pixel": 5e-6}),
], ids=["UTM", "Web Mercator", "degrees"])
def test_polygons_lie_in_the_scenes_system_and_sizes_are_metres_on_the_ground(folder, models, crs, place):
    scene = write_scene(folder / "scene.tif", crs=crs, **(RGB | place))
    result = result_of("detect", "--model", models["oriented"], scene, "-o", folder / "objects.gpkg", "--pixel-corners")
    table = table_of(folder / "objects.gpkg")
    assert table.crs == crs and len(table) == result["objects"] > 30
    assert table.score.between(0.3, 1).all() and set(table.name) <= set(CLASSES)
    for entry in result["classes"]:
        assert (table["class"] == entry["class"]).sum() == (table.name == entry["name"]).sum() == entry["objects"]
    with rasterio.open(scene) as raster:
        transform = raster.transform
    for row in table.itertuples():
        length, width, heading = sides_of(row.geometry, crs)
        assert row.length_m == pytest.approx(length, rel=1e-6) and row.width_m == pytest.approx(width, rel=1e-6)
        assert row.width_m <= row.length_m and 0 <= row.heading_deg < 180
        if length > 1.05 * width:
            assert near_angle(row.heading_deg, heading, 1e-3)
        corners = [rasterio.transform.xy(transform, getattr(row, f"y{i}"), getattr(row, f"x{i}"), offset="ul") for i in (1, 2, 3, 4)]
        numpy.testing.assert_allclose(numpy.array(row.geometry.exterior.coords)[:4], corners, rtol=1e-9)
        numpy.testing.assert_allclose((row.centre_x, row.centre_y), numpy.mean(corners, 0), rtol=1e-9)


def test_every_format_says_the_same(folder, models, scene):
    counts = {}
    for name in ("a.gpkg", "b.fgb", "c.geojson", "d.txt", "e.json"):
        counts[name] = result_of("detect", "--model", models["oriented"], scene, "-o", folder / name, "--pixel-corners" if name == "a.gpkg" else "--score=0.3")["objects"]
    assert len(set(counts.values())) == 1
    first = table_of(folder / "a.gpkg").sort_values(["x1", "y1", "score"]).reset_index()
    flat = table_of(folder / "b.fgb")
    assert flat.crs == first.crs
    key = lambda table: sorted(shapely.get_coordinates(table.geometry).reshape(-1, 10).round(6).tolist())
    assert key(flat) == key(first)
    degrees = table_of(folder / "c.geojson")
    assert degrees.crs == "EPSG:4326"
    back = degrees.to_crs(first.crs)
    # RFC 7946 turns rings counter-clockwise and keeps eight decimals: two millimetres.
    assert numpy.allclose(sorted(back.geometry.centroid.x), sorted(first.geometry.centroid.x), atol=2e-3)
    assert all(polygon.exterior.is_ccw for polygon in degrees.geometry)
    assert numpy.allclose(degrees.centre_x, degrees.geometry.centroid.x, atol=1e-7)
    assert sorted(degrees.length_m.round(3)) == sorted(first.length_m.round(3))

    lines = (folder / "d.txt").read_text().splitlines()
    assert lines[0] == "imagesource:scene.tif" and lines[1] == "gsd:0.5"
    dota = sorted([float(word) for word in line.split()[:8]] for line in lines[2:])
    pixels = first[[f"{axis}{i}" for i in (1, 2, 3, 4) for axis in "xy"]].to_numpy()
    numpy.testing.assert_allclose(dota, sorted(pixels.round(2).tolist()), atol=0.011)
    assert {line.split()[8] for line in lines[2:]} == set(first.name) and all(len(line.split()) == 10 for line in lines[2:])

    coco = COCO(folder / "e.json")
    annotations = coco.loadAnns(coco.getAnnIds())
    assert len(annotations) == len(first) and coco.imgs[1]["file_name"] == "scene.tif" and coco.imgs[1]["width"] == 150
    for annotation in annotations:
        outline = shapely.Polygon(numpy.array(annotation["segmentation"][0]).reshape(4, 2))
        left, top, width, height = annotation["bbox"]
        numpy.testing.assert_allclose(outline.bounds, (left, top, left + width, top + height), atol=0.02)
        assert annotation["area"] == pytest.approx(outline.area, abs=1.5)
    assert sorted(annotation["score"] for annotation in annotations) == sorted(first.score)


def test_upright_boxes_have_no_heading(folder, models, scene):
    result_of("detect", "--model", models["upright"], scene, "-o", folder / "objects.gpkg")
    table = table_of(folder / "objects.gpkg")
    assert len(table) > 10 and table.heading_deg.isna().all()
    assert all(polygon.area == pytest.approx(polygon.envelope.area) for polygon in table.geometry)


def test_a_scene_without_a_place_gives_pixels_and_says_so(folder, models):
    scene = write_scene(folder / "scene.tif", crs=None, **(RGB | {"pixel": 1, "left": 0, "top": 0}))
    done = subprocess.run([PROGRAM, "detect", "--model", str(models["oriented"]), str(scene), "-o", str(folder / "objects.gpkg"), "--pixel-corners"],
                          capture_output=True, text=True, check=True)
    assert "no coordinate reference system" in done.stderr
    table = table_of(folder / "objects.gpkg")
    assert "length_px" in table and "length_m" not in table and len(table) > 10
    numpy.testing.assert_allclose(shapely.get_coordinates(table.geometry)[::5, 1], table.y1)


def test_the_item_the_style_and_the_overlay_come_with_the_objects(folder, models, scene):
    result = result_of("detect", "--model", models["oriented"], "--hr", f"{scene}@2024-05-01", "-o", folder / "objects.gpkg", "--overlay")
    assert names_in(folder) == sorted(["objects.gpkg", "objects.json", "objects.qml", "objects_overlay.png", "scene.tif"])
    assert len(result["files"]) == 4
    item = pystac.Item.from_file(str(folder / "objects.json"))
    assert item.datetime.date().isoformat() == "2024-05-01" and set(item.assets) == {"objects", "overlay"}
    assert item.properties["proj:code"] == "EPSG:32631" and item.properties["skysense:product"] == "objects"
    style = (folder / "objects.qml").read_text()
    assert 'attr="name"' in style and all(f'value="{name}"' in style for name in CLASSES)
    with Image.open(folder / "objects_overlay.png") as picture:
        assert picture.width >= 150 and picture.height >= 130


def test_boxes_of_the_map_scores_and_classes_choose(folder, models, scene):
    model = ("--model", models["oriented"], scene)
    result_of("detect", *model, "-o", folder / "all.gpkg")
    everything = table_of(folder / "all.gpkg")
    box = (500020, 5599950, 500060, 5599990)
    result_of("detect", *model, "-o", folder / "box.gpkg", "--bbox", *box)
    part = table_of(folder / "box.gpkg")
    assert len(part) > 3 and part.centre_x.between(box[0], box[2]).all() and part.centre_y.between(box[1], box[3]).all()
    least = float(everything.score.median())
    result_of("detect", *model, "-o", folder / "some.gpkg", "--score", least, "--classes", "truck")
    some = table_of(folder / "some.gpkg")
    assert len(some) > 0 and set(some.name) == {"truck"} and some.score.min() >= least
    one = result_of("detect", *model, "-o", folder / "one.gpkg", "--set", "detection.detections=1", "--set", "detection.nms_iou=0.3")
    assert 0 < one["objects"] <= one["tiles"]
    tags = json.loads((folder / "one.json").read_text())["properties"]
    assert "detection.detections=1 detection.nms_iou=0.3" in tags.values()
    assert "belongs to the weights" in refusal_of("detect", *model, "-o", folder / "none.gpkg", "--set", "detection.channels=8", code=WRONG_USAGE)
    assert "did you mean 'truck'" in refusal_of("detect", *model, "-o", folder / "none.gpkg", "--classes", "trucks", code=WRONG_USAGE)


def test_threads_and_memory_give_the_same_bytes_and_the_plan_names_what_it_takes(folder, models):
    scene = write_scene(folder / "scene.tif", width=400, height=300, **RGB)
    model = ("--model", models["oriented"], scene)
    plan = result_of("plan", "detect", *model, "--threads", 3)
    one = result_of("detect", *model, "-o", folder / "one.gpkg", "--threads", 1)
    three = result_of("detect", *model, "-o", folder / "three.gpkg", "--threads", 3)
    assert three["jobs"] == 3 and plan["tiles"] == one["tiles"] and plan["size"] == one["size"] and plan["seconds"] > 0
    limited = result_of("detect", *model, "-o", folder / "limited.gpkg", "--threads", 3, "--max-memory", plan["memory_bytes"] - 1)
    assert limited["peak_memory_bytes"] < plan["memory_bytes"]
    assert (folder / "one.gpkg").read_bytes() == (folder / "three.gpkg").read_bytes() == (folder / "limited.gpkg").read_bytes()
    assert "at least" in refusal_of("detect", *model, "-o", folder / "none.gpkg", "--max-memory", "1M")


def test_a_killed_run_goes_on_to_the_same_bytes(folder, models):
    scene = write_scene(folder / "scene.tif", width=700, height=700, **RGB)
    options = ["--model", str(models["oriented"]), str(scene), "--threads", "1", "-q"]
    result_of("detect", *options, "-o", folder / "straight.gpkg")
    output, journal = folder / "killed.gpkg", folder / "killed.gpkg.journal"
    kill_on_the_way("detect", *options, "-o", output, journal=journal)
    assert journal.exists() and not output.exists()
    assert "--resume" in refusal_of("detect", *options, "-o", output)
    assert "another score" in refusal_of("detect", *options, "-o", output, "--resume", "--score", 0.9)
    assert "another list of settings" in refusal_of("detect", *options, "-o", output, "--resume", "--set", "detection.nms_iou=0.2")
    result = result_of("detect", *options, "-o", output, "--resume")
    assert 0 < result["resumed_tiles"] < result["tiles"]
    assert output.read_bytes() == (folder / "straight.gpkg").read_bytes()
    assert not [name for name in names_in(folder) if name.startswith(".") or name.endswith(".journal")]


def test_tiles_without_data_are_left_out(folder, models):
    scene = write_scene(folder / "scene.tif", width=300, height=300, valid_rows=100, **RGB)
    result = result_of("detect", "--model", models["oriented"], scene, "-o", folder / "objects.gpkg")
    plan = result_of("plan", "detect", "--model", models["oriented"], scene)
    assert 0 < result["tiles"] < plan["tiles"]
    with rasterio.open(scene) as raster:
        edge = raster.xy(100, 0)[1]
    assert (table_of(folder / "objects.gpkg").centre_y > edge - 8).all()
    blank = write_scene(folder / "blank.tif", valid_rows=0, **RGB)
    assert "no valid pixel" in refusal_of("detect", "--model", models["oriented"], blank, "-o", folder / "none.gpkg")


@pytest.mark.parametrize("arguments, words, code", [
    (["-o", "objects.shp"], ["extension", "GPKG (.gpkg)", "--of"], WRONG_USAGE),
    (["-o", "objects.gpkg", "--of", "KML"], ["--of KML", "FlatGeobuf"], WRONG_USAGE),
    (["-o", "objects.gpkg", "--overlap", "60"], ["half of the tile"], WRONG_USAGE),
    (["-o", "objects.gpkg", "--bbox", "0", "0", "9", "9"], ["does not meet the scene"], 1),
    (["-o", "nowhere/objects.gpkg"], ["nowhere"], 1),
], ids=["extension", "format", "overlap", "box", "folder"])
def test_what_cannot_be_done_is_refused_and_leaves_nothing(folder, models, scene, arguments, words, code):
    before = names_in(folder)
    message = refusal_of("detect", "--model", models["oriented"], scene, *arguments, code=code, cwd=folder)
    assert all(word in message for word in words), message
    assert names_in(folder) == before


def test_other_models_and_scenes_are_refused(folder, models, scene):
    result_of("pretrain", "--preset", "nano", "--data", "synth:2", "-o", folder / "run", "--set", "train.steps=0")
    assert "task.json" in refusal_of("detect", "--model", folder / "run", scene, "-o", folder / "objects.gpkg")
    assert "detects objects" in refusal_of("predict", "--model", models["oriented"], scene, "-o", folder / "map.tif")
    two = write_scene(folder / "two.tif", bands=1, dtype="uint8", nodata=0)
    assert "two.tif" in refusal_of("detect", "--model", models["oriented"], two, "-o", folder / "objects.gpkg")
    pair = [f"{scene}@2024-05-01", f"{scene}@2024-06-01"]
    assert "the model takes 1" in refusal_of("detect", "--model", models["oriented"], "--hr", *pair, "-o", folder / "objects.gpkg")


def test_outputs_that_exist_survive_refusals_and_full_disks(folder, models, scene):
    output = folder / "objects.gpkg"
    (folder / "objects.qml").write_text("precious")
    assert "--overwrite" in refusal_of("detect", "--model", models["oriented"], scene, "-o", output)
    assert (folder / "objects.qml").read_text() == "precious" and not output.exists()
    result_of("detect", "--model", models["oriented"], scene, "-o", output, "--overwrite")
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    for format in ("GPKG", "GeoJSON", "FlatGeobuf", "DOTA", "COCO"):
        message = refusal_of("detect", "--model", models["oriented"], scene, "-o", output, "--overwrite", "--of", format, preexec_fn=limit_files_to(1_500))
        assert "cannot be" in message, message
        after = {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.endswith(".journal")}
        assert after == before
