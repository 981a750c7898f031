"""skysense synth: what it writes, read by programs that know nothing of it."""

import json
import os
import pathlib
import xml.etree.ElementTree

import numpy
import pytest
import rasterio
import shapely
from conftest import WRONG_USAGE, refusal_of, result_of
from pycocotools.coco import COCO


@pytest.fixture(scope="module")
def world(tmp_path_factory) -> pathlib.Path:
    """Twelve places of every class at 0.625 m, with boxes."""
    out = tmp_path_factory.mktemp("synth") / "world"
    result_of("synth", "-o", out, "--places", 12, "--size", 32, "--hr-per-cell", 16, "--ms-dates", 1, "--sar-dates", 1,
              "--labels", "boxes")  # fmt: skip
    return out


def test_pycocotools_reads_the_boxes(world):
    coco = COCO(world / "annotations" / "coco.json")
    assert len(coco.getImgIds()) == 12 and len(coco.getCatIds()) == 11
    boxes = coco.loadAnns(coco.getAnnIds())
    assert len(boxes) > 200
    for box in boxes:
        assert coco.annToMask(box).any() or box["ignore"] or box["area"] < 4
        left, top, width, height = box["bbox"]
        assert left >= 0 and top >= 0 and left + width <= 512.01 and top + height <= 512.01
    for image in coco.loadImgs(coco.getImgIds()):
        with rasterio.open(world / image["file_name"]) as raster:
            assert raster.shape == (image["height"], image["width"])


def test_dota_voc_and_coco_tell_the_same_boxes(world):
    coco = COCO(world / "annotations" / "coco.json")
    names = {category["id"]: category["name"] for category in coco.loadCats(coco.getCatIds())}
    for image in coco.loadImgs(coco.getImgIds()):
        place = pathlib.Path(image["file_name"]).parent.name
        boxes = coco.loadAnns(coco.getAnnIds(imgIds=image["id"]))
        source, gsd, *lines = (world / "annotations" / "dota" / f"{place}.txt").read_text().splitlines()
        assert source == f"imagesource:{image['file_name']}" and gsd == "gsd:0.625"
        objects = xml.etree.ElementTree.parse(world / "annotations" / "voc" / f"{place}.xml").getroot().findall("object")
        assert len(lines) == len(boxes) == len(objects)
        for box, line, voc in zip(boxes, lines, objects, strict=True):
            *numbers, name, difficult = line.split()
            corners = list(map(float, numbers))
            assert name == names[box["category_id"]] == voc.findtext("name")
            assert int(difficult) == box["ignore"] == int(voc.findtext("difficult"))
            polygon = shapely.Polygon(list(zip(corners[::2], corners[1::2], strict=True)))
            assert polygon.is_valid and corners == pytest.approx(box["segmentation"][0], abs=0.011)
            assert polygon.area == pytest.approx(box["area"], rel=0.02, abs=0.1)
            # VOC counts pixels from 1 and includes both ends: never smaller, less than a pixel larger on each side.
            rim = [float(voc.find("bndbox").findtext(edge)) for edge in ("xmin", "ymin", "xmax", "ymax")]
            left, top, width, height = box["bbox"]
            for got, exact in zip((rim[0] - 1, rim[1] - 1), (left, top), strict=True):
                assert exact - 1.01 <= got <= exact + 0.01
            for got, exact in zip(rim[2:], (left + width, top + height), strict=True):
                assert exact - 0.01 <= got <= exact + 1.01


def test_an_unknown_label_is_refused(folder):
    assert "boxes" in refusal_of("synth", "-o", folder / "w", "--places", 1, "--labels", "bxes", code=WRONG_USAGE)
    assert not (folder / "w").exists()


@pytest.fixture(scope="module")
def labelled(tmp_path_factory) -> pathlib.Path:
    """Twelve places with every label."""
    out = tmp_path_factory.mktemp("synth") / "labelled"
    result_of("synth", "-o", out, "--places", 12, "--size", 32, "--ms-dates", 2, "--sar-dates", 1, "--labels",
              "hr_cover,crops,changes,months", "--val-places", 1, "--test-places", 1)  # fmt: skip
    return out


def read(file):
    with rasterio.open(file) as raster:
        return raster.read()


def labels_of(world):
    return [json.loads(line) for line in (world / "labels.jsonl").read_text().splitlines()]


def test_labels_agree_with_each_other(labelled):
    changed, snowed_or_flooded = 0.0, 0
    for place in labels_of(labelled):
        folder = labelled / "places" / place["id"]
        cover, crops, hr_cover = (read(folder / f"{name}.tif")[0] for name in ("label", "crops", "hr_cover"))
        # The land cover of a cell is that of most of its HR pixels; the multi-label classes are those of the ground.
        blocks = hr_cover.reshape(32, 8, 32, 8).swapaxes(1, 2).reshape(32, 32, 64)
        counts = numpy.stack([(blocks == value).sum(-1) for value in range(8)])
        assert (counts.argmax(0) == cover).all()
        names = ["water", "trees", "grass", "crops", "bare", "building", "paved", "wetland"]
        assert place["covers"] == [name for value, name in enumerate(names) if (hr_cover == value).mean() >= 0.05]
        assert set(numpy.unique(crops)) <= {*range(9), 255} and (crops[cover != 3] == 255).all()
        # A pixel has changed where its land cover has.
        flights = place["change"]["flights"]
        assert [flight["date"][:4] for flight in flights] == ["2023", "2025"]
        before, after = (read(labelled / flight["hr_cover"])[0] for flight in flights)
        mask = read(labelled / place["change"]["mask"])[0]
        assert ((before != after) == (mask == 1)).all()
        assert [read(labelled / flight["hr"]).shape for flight in flights] == [(3, 256, 256)] * 2
        changed += mask.mean() / 12
        assert [month["date"][:7] for month in place["months"]] == [f"2023-{month:02}" for month in range(1, 13)]
        covers = [read(labelled / month["cover"])[0] for month in place["months"]]
        snowed_or_flooded += any((a != b).any() for a, b in zip(covers, covers[1:], strict=False))
    assert 0.001 < changed < 0.2, "changes are there, and rare"
    assert snowed_or_flooded >= 2


def test_splits_are_datasets_of_their_own(labelled):
    for split in ("train", "val", "test"):
        folder = labelled if split == "train" else labelled / split
        assert all(place["id"].startswith(split + "-") for place in labels_of(folder))
        assert (folder / "index.jsonl").exists()


def test_another_instruction_set_renders_the_same_bytes(folder):
    arguments = ("--places", 12, "--size", 16, "--ms-dates", 2, "--sar-dates", 1, "--labels", "crops,boxes,changes")
    result_of("synth", "-o", folder / "a", *arguments, "--jobs", 2)
    plain = os.environ | {"GLIBC_TUNABLES": "glibc.cpu.hwcaps=-FMA,-AVX2", "ATEN_CPU_CAPABILITY": "default"}
    result_of("synth", "-o", folder / "b", *arguments, "--jobs", 1, env=plain)
    files = sorted(file.relative_to(folder / "a") for file in (folder / "a").rglob("*") if file.is_file())
    assert len(files) > 100
    for file in files:
        assert (folder / "a" / file).read_bytes() == (folder / "b" / file).read_bytes(), file


def test_options_of_the_sensors(folder):
    """Baseline offset and linear power change how values are stored and nothing else; misregistration moves images."""
    arguments = ("--places", 4, "--ms-dates", 2, "--sar-dates", 2)
    result_of("synth", "-o", folder / "plain", *arguments)
    result_of("synth", "-o", folder / "stored", *arguments, "--ms-offset", "--sar-linear")
    result_of("synth", "-o", folder / "moved", *arguments, "--misregistration", 0.9)
    sensors = json.loads((folder / "stored" / "contract.json").read_text())["sensors"]
    assert sensors["ms"]["name"] == "sentinel2-l2a-0400" and sensors["sar"]["name"] == "sentinel1-grd-linear"
    shifts = []
    for file in sorted((folder / "plain" / "places").rglob("*.tif")):
        name = file.relative_to(folder / "plain")
        plain, stored = read(file), read(folder / "stored" / name)
        if file.name.startswith("ms_"):
            assert (stored == plain.astype(int) + 1000).all()
            shifts.append(shift_between(plain[6], read(folder / "moved" / name)[6]))
        elif file.name.startswith("sar_"):
            assert 10 * numpy.log10(stored) == pytest.approx(plain, abs=1e-4)
        else:
            assert (stored == plain).all()
            assert file.name.startswith("clear") or (read(folder / "moved" / name) == plain).all()
    assert max(abs(shift) for pair in shifts for shift in pair) > 0.25
    assert len({tuple(pair) for pair in shifts}) == len(shifts) == 8


def test_dates_can_be_missing(folder):
    arguments = ("--places", 12, "--size", 8, "--no-hr", "--ms-dates", 10, "--sar-dates", 10)
    result_of("synth", "-o", folder / "all", *arguments)
    result_of("synth", "-o", folder / "some", *arguments, "--missing-dates", 0.5)
    counts = set()
    for line in (folder / "some" / "index.jsonl").read_text().splitlines():
        place = json.loads(line)
        counts |= {len(place["ms"]), len(place["sar"])}
        for image in (*place["ms"], *place["sar"]):
            assert (folder / "some" / image["path"]).read_bytes() == (folder / "all" / image["path"]).read_bytes()
    assert len(counts) > 3 and min(counts) >= 1 and max(counts) < 10


def shift_between(a, b) -> list[float]:
    """Least-squares estimate (Lucas and Kanade 1981) of a shift in pixels."""
    a, b = a.astype(float), b.astype(float)
    slope_y, slope_x = numpy.gradient(a)
    slopes = numpy.stack([slope_x.ravel(), slope_y.ravel()], 1)
    return list(numpy.linalg.lstsq(slopes, (b - a).ravel(), rcond=None)[0])


def test_sizes_have_names(folder):
    assert result_of("synth", "-o", folder / "w", "--places", "tiny", "--size", 8, "--no-hr", "--ms-dates", 1, "--sar-dates", 0)["places"] == 64
    assert "tiny" in refusal_of("synth", "-o", folder / "x", "--places", "tinny", code=WRONG_USAGE)
