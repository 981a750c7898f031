"""Faulty labels of boxes in every layout: named with file and line or feature, left out and counted, or fatal with --strict."""

import json
import shutil

import geopandas
import numpy
import pytest
from conftest import refusal_of, result_of, run
from parity import object_files
from shapely.geometry import Point, Polygon

OUTSIDE, POINT, LINE = [(200, 10), (220, 10), (220, 20), (200, 20)], [(5, 5)] * 4, [(5, 5), (9, 5), (9, 5), (5, 5)]
NOT_A_NUMBER, GOOD = [(10, 10), ("nan", 10), (20, 20), (10, 20)], [(10, 10), (20, 10), (20, 20), (10, 20)]
# What each of six objects is said to be: the last one alone is right.
SHAPES = [OUTSIDE, POINT, LINE, NOT_A_NUMBER, GOOD, GOOD]
UPRIGHT = [(201, 11, 220, 20), (10, 10, 9, 20), (20, 10, 10, 20), (10, "nan", 20, 20), (10, 10, 20, 20), (10, 10, 20, 20)]
REASONS = ["lies outside the image of 64 x 64 pixels", "has a box of 0 x ", "has a box of ", "is no number", "unknown class 'spaceship'; did you mean"]
STRAY, BARE = "labels without an image", "an image without labels"


def named(name):
    return [name] * 4 + ["spaceship", name]


def dota(name):
    return "\n".join(" ".join(str(value) for point in shape for value in point) + f" {own} 0" for shape, own in zip(SHAPES, named(name)))


def voc(name, turned):
    objects = []
    for shape, box, own in zip(SHAPES, UPRIGHT, named(name)):
        if turned:
            corners = zip(("left_top", "right_top", "right_bottom", "left_bottom"), shape)
            fields = "<robndbox>" + "".join(f"<x_{corner}>{x}</x_{corner}><y_{corner}>{y}</y_{corner}>" for corner, (x, y) in corners) + "</robndbox>"
        else:
            fields = "<bndbox>" + "".join(f"<{key}>{value}</{key}>" for key, value in zip(("xmin", "ymin", "xmax", "ymax"), box)) + "</bndbox>"
        objects.append(f"<object><name>{own}</name>{fields}</object>")
    return object_files.voc_document("a", objects)


def fair1m(name):
    objects = [f"<object><possibleresult><name>{own}</name></possibleresult><points>" + "".join(f"<point>{x},{y}</point>" for x, y in [*shape, shape[0]]) + "</points></object>"
               for shape, own in zip(SHAPES, named(name))]
    return "<annotation><objects>\n" + "\n".join(objects) + "</objects></annotation>"


def on_the_ground(crs="EPSG:32631", which=slice(None)):
    """The same as areas of a vector file, and a point."""
    areas = [Polygon([(5e5 + 2 * float(x), 5.6e6 - 2 * y) for x, y in shape]) for shape in SHAPES]
    frame = geopandas.GeoDataFrame({"kind": [*named("hut"), "hut"]}, geometry=[*areas, Point(5e5 + 20, 5.6e6 - 20)], crs=crs)
    return frame.iloc[which]


def dota_in_folders(root, random):
    object_files.dota(root, random)
    for split in ("train", "val"):
        (root / split / "labelTxt-v2.0").mkdir()
        shutil.move(root / split / "annotations/version2.0/P0002.txt", root / split / "labelTxt-v2.0")
        (root / split / "images/P0001.png").unlink()
    (root / "samples.csv").unlink()


def dior_in_folders(root, random):
    object_files.dior_r(root, random)
    shutil.rmtree(root / "ImageSets")


def voc_of_known_classes(root, random):
    object_files.voc(root, random)
    object_files.name_labels(root, ["aeroplane", "person"])


def dota_of_scenes(root, random):
    object_files.image_boxes(root, random)
    shutil.rmtree(root / "labels")
    for split in ("train", "test"):
        object_files.write(root / "labels" / split / "a.txt", object_files.dota_line(numpy.array(GOOD), "hut", 0))


# reader: how a folder is filled, the image and the label of one sample, faulty labels for it, their first line
LAYOUTS = {
    "dior": ("dior", object_files.dior, "Images_trainval/00001.jpg", "Annotations_trainval/00001.xml", voc("ship", False), 2),
    "dior-r": ("dior-r", object_files.dior_r, "JPEGImages-trainval/00001.png", "Annotations/Oriented Bounding Boxes/00001.xml", voc("ship", True), 2),
    "dior-r without lists": ("dior-r", dior_in_folders, "JPEGImages-trainval/00001.png", "Annotations/Oriented Bounding Boxes/00001.xml", voc("ship", True), 2),
    "fair1m": ("fair1m", object_files.fair1m, "train/part1/images/0.tif", "train/part1/labelXml/0.xml", fair1m("Bridge"), 2),
    "dota": ("dota-v2.0", dota_in_folders, "train/images/P0002.png", "train/labelTxt-v2.0/P0002.txt", dota("plane"), 1),
    "dota by a table": ("dota-v2.0", object_files.dota, "train/images/P0002.png", "train/annotations/version2.0/P0002.txt", dota("plane"), 1),
    "voc": ("voc", voc_of_known_classes, "JPEGImages/2007_0.jpg", "Annotations/2007_0.xml", voc("person", False), 2),
    "image-boxes": ("image-boxes", dota_of_scenes, "images/train/a.tif", "labels/train/a.txt", dota("hut"), 1),
}


@pytest.fixture
def random():
    return numpy.random.default_rng(5)


def check(reader, root, *more):
    return result_of("datasets", "check", reader, root, "--samples", 0, *more)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_documents(folder, random, layout):
    reader, fill, image, label, faults, line = LAYOUTS[layout]
    fill(folder, random)
    before = check(reader, folder)
    assert before["left_out"] == before["unreadable"] == 0
    whole = (folder / label).read_text()
    (folder / label).write_text(faults)
    result = check(reader, folder)
    assert result["left_out"] == len(result["problems"]) == 5 and result["unreadable"] == 0
    assert result["samples_read"] == before["samples_read"]
    for number, (problem, reason) in enumerate(zip(result["problems"], REASONS)):
        assert problem.startswith(f"{folder / label}:{line + number}: ") and reason in problem
    strict = check(reader, folder, "--strict")
    assert strict["unreadable"] == 1 and strict["problems"] == result["problems"][:1]

    (folder / label).unlink()
    result = check(reader, folder)
    assert result["left_out"] == 1 and f"{image}: {BARE}: {(folder / label).with_suffix('')}" in result["problems"][0]
    assert f"{image}: {BARE}" in refusal_of("datasets", "check", reader, folder, "--strict")

    (folder / label).write_text(whole)
    (folder / image).unlink()
    result = check(reader, folder)
    assert result["left_out"] == 1 and f"{label}: {STRAY}" in result["problems"][0]
    assert f"{label}: {STRAY}" in refusal_of("datasets", "check", reader, folder, "--strict")


def test_coco(folder, random):
    object_files.coco(folder, random)
    file = folder / "annotations" / "instances_train2017.json"
    document = json.loads(file.read_text())
    boxes = [[200, 10, 5, 5], [5, 5, 0, 5], [20, 10, -5, 5], [float("nan"), 10, 5, 5], [10, 10, 5, 5], [10, 10, 5, 5]]
    document["annotations"] = [{"id": 7 + i, "image_id": 10, "category_id": 77 if i == 4 else 8, "bbox": box} for i, box in enumerate(boxes)]
    document["annotations"].append({"id": 99, "image_id": 4711, "category_id": 8, "bbox": [1, 1, 2, 2]})
    file.write_text(json.dumps(document, indent=0))
    result = check("coco", folder)
    assert result["left_out"] == 6 and result["unreadable"] == 0
    assert result["problems"][0].startswith(f"{file}:") and "annotation 6 (id 99): of image 4711, which the document does not have" in result["problems"][0]
    for number, (problem, reason) in enumerate(zip(result["problems"][1:], [*REASONS[:4], "unknown class 'category 77'"])):
        line = int(problem.removeprefix(f"{file}:").split(":")[0])
        assert f"annotation {number} (id {7 + number})" in problem and reason in problem
        assert '"id": %d' % (7 + number) in file.read_text().splitlines()[line], problem
    assert "of image 4711" in refusal_of("datasets", "check", "coco", folder, "--strict")
    (folder / "train2017" / "train_1.png").unlink()
    assert any(f"{file}: {STRAY}" in problem and "train_1.png is missing" in problem for problem in check("coco", folder)["problems"])


@pytest.mark.parametrize("suffix", ["gpkg", "geojson"])
def test_areas_on_the_ground(folder, random, suffix):
    object_files.image_boxes(folder, random)
    (folder / "labels/train/a.gpkg").unlink()
    file = folder / f"labels/train/a.{suffix}"
    on_the_ground().to_file(file)
    options = ("--attribute", "kind")
    result = check("image-boxes", folder, *options)
    assert result["left_out"] == len(result["problems"]) == 6 and result["splits"]["train"]["classes"] == {"hut": 1, "mast": 0}
    assert all(problem.startswith(f"{file}: feature ") for problem in result["problems"])
    # GeoJSON has no NaN: what GDAL writes in its place has no area.
    for reason in [*(REASONS if suffix == "gpkg" else REASONS[:3] + REASONS[4:]), "a geometry without an area"]:
        assert any(reason in problem for problem in result["problems"]), reason
    assert check("image-boxes", folder, *options, "--strict")["unreadable"] == 1

    on_the_ground("EPSG:32632", [5]).to_file(file)
    wrong = check("image-boxes", folder, *options)
    assert wrong["left_out"] == 1 and f"{file}: none of its 1 objects lies on the image" in wrong["problems"][0]
    assert "EPSG:32632" in wrong["problems"][0] and "EPSG:32631" in wrong["problems"][0]
    assert check("image-boxes", folder, *options, "--strict")["unreadable"] == 1
    assert "name the column" in check("image-boxes", folder)["problems"][0] and "has no column 'kinds'" in check("image-boxes", folder, "--attribute", "kinds")["problems"][0]

    file.unlink()
    assert "a{.fgb,.geojson,.gpkg,.json,.shp} is missing" in check("image-boxes", folder, *options)["problems"][0]
    assert BARE in refusal_of("datasets", "check", "image-boxes", folder, *options, "--strict")
    on_the_ground("EPSG:32631", [5]).to_file(file)
    (folder / "images/train/a.tif").unlink()
    assert f"{file}: {STRAY}" in check("image-boxes", folder, *options)["problems"][0]
    object_files.save_picture(folder / "images/train/a.png", object_files.picture(random, 64))
    assert "has a coordinate reference system, but the image" in check("image-boxes", folder, *options)["problems"][0]


def test_one_file_of_all_images_in_another_reference_system(folder, random):
    object_files.image_boxes(folder, random)
    shutil.rmtree(folder / "labels")
    options = ("--attribute", "kind")
    on_the_ground("EPSG:32631", [0, 5]).to_file(folder / "objects.gpkg")  # objects beyond the images belong to none
    assert check("image-boxes", folder, *options)["left_out"] == 0
    on_the_ground("EPSG:32632", [5]).to_file(folder / "objects.gpkg")
    (problem,) = check("image-boxes", folder, *options)["problems"]
    assert "objects.gpkg: none of its objects lies on any image" in problem and "EPSG:32632, the images' EPSG:32631" in problem
    assert "lies on any image" in refusal_of("datasets", "check", "image-boxes", folder, *options, "--strict")


def test_training_and_evaluation_name_what_is_left_out(folder, random):
    dota_in_folders(folder / "data", random)
    label = folder / "data/train/labelTxt-v2.0/P0002.txt"
    label.write_text(dota("plane"))
    recipe = folder / "recipe.yaml"
    recipe.write_text("data: {reader: dota-v2.0, side: 64}\ntask: {head: oriented-rcnn}\neval: {every: 0}\nthreads: 1\n"
                      "detection: {channels: 16, roi_head: {hidden: 32}}\ntrain: {steps: 2, batch_size: 1}\n")
    done = run("finetune", "--recipe", recipe, "--data", folder / "data", "--model", "random:nano", "-o", folder / "run")
    assert done.returncode == 0, done.stderr
    assert done.stderr.count(f"5 left out of train/P0002: {label}:1: the plane") == 1
    (folder / "data/val/images/P0002.png").unlink()
    done = run("finetune", "--recipe", recipe, "--data", folder / "data", "--model", "random:nano", "-o", folder / "other")
    assert done.returncode == 0 and "labels without an image" in done.stderr
    strict = refusal_of("finetune", "--recipe", recipe, "--data", folder / "data", "--model", "random:nano", "-o", folder / "strict", "--set", "data.options.strict=true")
    assert "labels without an image" in strict
