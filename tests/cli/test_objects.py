"""finetune and evaluate of detectors on the command line: drawn rectangles, small networks."""

import json
import math
import pathlib

import numpy
import pytest
from PIL import Image, ImageDraw

from conftest import WRONG_USAGE, refusal_of, result_of

SIDE = 96
CLASSES = ["boat", "truck"]
RECIPE = """
title: boats and trucks
data: {reader: image-boxes, side: 64, options: {boxes: BOXES}}
task: {head: HEAD}
detection: {channels: 32, roi_head: {hidden: 64, samples: 64}, rpn: {anchor_sizes: [8, 16, 32, 64, 128], border_anchors: 1, samples: 64}}
augment: {quarter_turn: 0.5}
train: {steps: 6, batch_size: 2, lr: 1.0e-3, log_every: 1}
eval: {every: 3, overlap: 0.5, resamples: 20}
threads: 1
"""
HEADS = {"oriented": "oriented-rcnn", "upright": "faster-rcnn"}


def corners(x, y, length, width, angle):
    across = (math.cos(angle), math.sin(angle))
    return [(x + across[0] * i * length / 2 - across[1] * j * width / 2, y + across[1] * i * length / 2 + across[0] * j * width / 2)
            for i, j in ((-1, -1), (1, -1), (1, 1), (-1, 1))]


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    folder = tmp_path_factory.mktemp("objects")
    random = numpy.random.default_rng(0)
    (folder / "label-classes.json").write_text(json.dumps({"format_version": 1, "classes": CLASSES}))
    for split, count in (("train", 4), ("val", 1), ("test", 2)):
        for part in ("images", "labels"):
            (folder / part / split).mkdir(parents=True)
        for number in range(count):
            picture = Image.fromarray(random.normal(90, 12, (SIDE, SIDE, 3)).clip(0, 255).astype("uint8"))
            lines = []
            for place in range(4):
                box = corners(26 + 44 * (place % 2), 26 + 44 * (place // 2), 24, 10, random.uniform(-1.5, 1.5))
                ImageDraw.Draw(picture).polygon(box, fill=((230, 60, 60), (60, 230, 60))[place % 2])
                difficult = int(split == "test" and place == 3)
                lines.append(" ".join(f"{value:.2f}" for point in box for value in point) + f" {CLASSES[place % 2]} {difficult}")
            picture.save(folder / "images" / split / f"{number}.png")
            (folder / "labels" / split / f"{number}.txt").write_text("\n".join(lines) + "\n")
    return folder


@pytest.fixture(scope="module", params=HEADS)
def trained(request, images, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE.replace("HEAD", HEADS[request.param]).replace("BOXES", request.param))
    run = folder / "run"
    return request.param, run, result_of("finetune", "--recipe", recipe, "--data", images, "--model", "random:nano", "-o", run)


def test_the_log_names_every_loss_and_the_report_shows_the_curves(trained):
    _, run, result = trained
    assert result["steps"] == 6 and result["best"]["metric"] == "map50"
    lines = [json.loads(line) for line in (run / "log.jsonl").read_text().splitlines()]
    for line in lines:
        parts = [line[name] for name in ("proposals.objectness", "proposals.box", "head.class", "head.box")]
        assert sum(parts) == pytest.approx(line["loss"], rel=1e-5)
    assert [line["step"] for line in lines if "val.map50" in line] == [3, 6] and lines[-1]["loss"] < lines[0]["loss"]
    page = (run / "report.html").read_text()
    drawn = page.count("the truth and what was found")
    assert "Precision over recall" in page and 0 < drawn == result["validation_samples"]
    assert page.count("data:image/png") >= 1 + drawn
    assert json.loads((run / "model" / "task.json").read_text())["kind"] == "boxes"


def test_evaluate_counts_what_is_not_difficult_and_draws_it(trained, images, folder):
    boxes, run, _ = trained
    result = result_of("evaluate", "--model", run, "--data", images, "--split", "test", "--report", folder / "report.html",
                       "--pictures", folder / "pictures")
    drawn = [pathlib.Path(file) for file in result["pictures"]]
    assert sorted(drawn) == sorted((folder / "pictures").iterdir()) and drawn[0].name == "precision-over-recall.png" and len(drawn) >= 3
    assert all(Image.open(file).width > 100 for file in drawn)
    assert (result["metric"], result["samples"]) == ("map50", 2)
    assert [(row["class"], row["objects"]) for row in result["per_class"]] == [("boat", 4), ("truck", 2)]
    assert {"map", "map50", "map75", "map_small", "map_medium", "voc07", "voc", "recall"} <= result.keys()
    assert result["map_large"] is None and result["interval"]["of"] == "voc"
    report = (folder / "report.html").read_text()
    assert "Precision over recall" in report and report.count("data:image/png") >= 3  # the curves and two samples
    again = result_of("evaluate", "--model", run, "--data", images, "--split", "test", "--set", "eval.batch=1", "--set", "loader.workers=1")
    assert again["map50"] == pytest.approx(result["map50"], abs=1e-3)


def test_settings_of_detecting_reach_the_network_and_those_of_its_weights_are_refused(trained, images):
    _, run, _ = trained
    evaluate = ("evaluate", "--model", run, "--data", images, "--split", "test", "--set", "eval.resamples=10")
    few = result_of(*evaluate, "--set", "detection.score_threshold=1")
    many = result_of(*evaluate, "--set", "detection.score_threshold=0", "--set", "detection.nms_iou=1", "--set", "detection.detections=5000")
    assert max(few["recall"]) == 0 < max(many["recall"])
    message = refusal_of(*evaluate, "--set", "detection.channels=16", code=WRONG_USAGE)
    assert "detection.channels=16: belongs to the weights" in message and "detection.nms_iou" in message


def test_a_detector_makes_no_maps(trained, images, folder):
    _, run, _ = trained
    scene = images / "images" / "test" / "0.png"
    assert "detects objects" in refusal_of("predict", scene, "--model", run, "-o", folder / "map.tif")


@pytest.mark.parametrize("head, message", [("linear", "does not go with the data set's labels"), ("oriented-rcnn", "are upright")])
def test_heads_that_do_not_go_with_the_boxes_are_refused(head, message, images, folder):
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPE.replace("HEAD", head).replace("BOXES", "upright"))
    assert message in refusal_of("finetune", "--recipe", recipe, "--data", images, "--model", "random:nano", "--dry-run", code=WRONG_USAGE)
