"""skysense synth: what it writes, read by programs that know nothing of it."""

import pathlib
import xml.etree.ElementTree

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
