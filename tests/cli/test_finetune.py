"""finetune and evaluate on the command line: generated pictures, small networks."""

import json
import os
import signal
import subprocess
import time

import numpy
import pytest
import rasterio
import yaml
from PIL import Image
from sklearn.metrics import accuracy_score, confusion_matrix

from conftest import PROGRAM, WRONG_USAGE, refusal_of, result_of, run

CLASSES = ("field", "roof", "water")

SCENES = """
title: three classes of small pictures
data:
  reader: class-folders
  side: 32
  options: {train_share: 0.6}
  val_share: 0.25
task: {head: linear, norm: group}
train: {steps: 30, batch_size: 6, lr: 2.0e-3, schedule: cosine, warmup_steps: 3, layer_decay: 0.9, log_every: 1, checkpoint_every: 10}
eval: {every: 10, resamples: 50}
threads: 1
"""
MAPS = """
data: {reader: image-masks, side: 32, val_share: 0.25, options: {train_share: 0.6}}
task: {head: upernet, channels: 32, auxiliary_channels: 16, norm: group}
train: {steps: 4, batch_size: 4, lr: 2.0e-3}
threads: 1
"""


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Three classes of twenty noisy pictures, told apart by their texture and colour."""
    folder = tmp_path_factory.mktemp("data")
    random = numpy.random.default_rng(0)
    for number, name in enumerate(CLASSES):
        (folder / name).mkdir()
        for index in range(20):
            pixels = random.normal(100, 10, (40, 40, 3))
            pixels[..., number] += 60
            Image.fromarray(pixels.clip(0, 255).astype("uint8")).save(folder / name / f"{name}_{index}.png")
    return folder


@pytest.fixture(scope="module")
def recipe(tmp_path_factory):
    file = tmp_path_factory.mktemp("recipes") / "scenes.yaml"
    file.write_text(SCENES)
    return file


@pytest.fixture(scope="module")
def trained(images, recipe, tmp_path_factory):
    out = tmp_path_factory.mktemp("trained") / "run"
    return out, result_of("finetune", "--recipe", recipe, "--data", images, "--model", "random:nano", "-o", out)


def test_learns_three_classes_and_leaves_a_run(trained):
    out, result = trained
    assert result["steps"] == 30 and result["training_samples"] == 27 and result["validation_samples"] == 9
    assert result["learning"] <= result["parameters"] and result["parameters"] > 1e5
    assert result["best"]["metric"] == "oa" and result["best"]["value"] > 0.7  # by chance 1/3
    lines = [json.loads(line) for line in (out / "log.jsonl").read_text().splitlines()]
    assert [line["step"] for line in lines] == list(range(1, 31))
    assert [line["step"] for line in lines if "val.oa" in line] == [10, 20, 30]
    assert lines[-1]["loss"] < 0.7 * lines[0]["loss"]
    report = (out / "report.html").read_text()
    assert "Validation" in report and "Confusion matrix" in report and "field" in report
    assert (out / "best").is_symlink() and (out / "model").is_symlink()
    task = json.loads((out / "model" / "task.json").read_text())
    assert [entry["name"] for entry in task["classes"]] == list(CLASSES)
    assert task["inputs"] == {"hr": {"dates": 1, "pixels_per_output": 1.0}} and task["tile"] == 32


def test_evaluate_gives_the_metrics_of_its_confusion_matrix(trained, images, folder):
    out, _ = trained
    result = result_of("evaluate", "--model", out, "--data", images, "--report", folder / "report.html")
    assert result["samples"] == 24 and result["split"] == "test" and result["metric"] == "oa"
    confusion = numpy.array(result["confusion"]).reshape(3, 3)
    assert confusion.sum(1).tolist() == [8, 8, 8]
    truth, predicted = (numpy.repeat(numpy.indices((3, 3))[axis].ravel(), confusion.ravel()) for axis in (0, 1))
    assert (confusion_matrix(truth, predicted) == confusion).all()
    assert result["oa"] == pytest.approx(accuracy_score(truth, predicted)) and result["oa"] == result["top1"]
    assert result["oa"] > 0.7
    assert result["interval"]["low"] <= result["oa"] <= result["interval"]["high"]
    assert [row["class"] for row in result["per_class"]] == list(CLASSES)
    assert "Confusion matrix" in (folder / "report.html").read_text()
    again = result_of("evaluate", "--model", out / "best", "--data", images)
    assert again["confusion"] == result["confusion"]


def test_a_killed_run_resumes_to_the_same_weights(trained, images, recipe, folder):
    whole, _ = trained
    arguments = ["finetune", "--recipe", recipe, "--data", images, "--model", "random:nano", "-o", folder / "run"]
    running = subprocess.Popen([PROGRAM, *map(str, arguments)], stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    log = folder / "run" / "log.jsonl"
    while running.poll() is None and not (log.exists() and log.read_text().count("\n") > 12):
        time.sleep(0.01)
    running.send_signal(signal.SIGKILL)
    running.wait()
    assert json.loads((folder / "run" / "model" / "state.json").read_text())["step"] < 30
    result = result_of(*arguments, "--resume")
    assert result["steps"] == 30
    report = (folder / "run" / "report.html").read_text()
    assert "onfusion" in report
    result_of(*arguments, "--resume")  # there is nothing left to do, and the report keeps what the last validation said
    assert (folder / "run" / "report.html").read_text() == report
    for name in ("student.safetensors", "teacher.safetensors", "optimizer.safetensors"):
        assert (folder / "run" / "model" / name).read_bytes() == (whole / "model" / name).read_bytes(), name


def test_sigterm_leaves_a_checkpoint(images, recipe, folder):
    arguments = ["finetune", "--recipe", recipe, "--data", images, "--model", "random:nano", "-o", folder / "run"]
    running = subprocess.Popen(
        [PROGRAM, *map(str, [*arguments, "--set", "train.steps=2000"])], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    log = folder / "run" / "log.jsonl"
    while running.poll() is None and not (log.exists() and log.stat().st_size > 0):
        time.sleep(0.01)
    running.send_signal(signal.SIGTERM)
    _, errors = running.communicate(timeout=60)
    assert running.returncode == 143 and "--resume" in errors
    assert (folder / "run" / "model").is_symlink()


def test_maps_are_trained_and_judged_in_tiles(folder):
    random = numpy.random.default_rng(0)
    for kind in ("images", "masks"):
        (folder / "data" / kind).mkdir(parents=True)
    for number in range(10):
        mask = numpy.kron(random.integers(0, 3, (6, 6)), numpy.ones((8, 8))).astype("uint8")
        pixels = 60 + 60 * mask[..., None] + random.normal(0, 8, (48, 48, 3))
        Image.fromarray(pixels.clip(0, 255).astype("uint8")).save(folder / "data" / "images" / f"{number}.png")
        Image.fromarray(mask).save(folder / "data" / "masks" / f"{number}.png")
    (folder / "data" / "label-classes.json").write_text(json.dumps({"format_version": 1, "classes": ["low", "middle", "high"]}))
    (folder / "maps.yaml").write_text(MAPS)
    tuned = result_of("finetune", "--recipe", folder / "maps.yaml", "--data", folder / "data", "--model", "random:nano", "-o", folder / "run")
    result = result_of("evaluate", "--model", folder / "run", "--data", folder / "data", "--report", folder / "report.html")
    assert sum(result["confusion"]) == result["samples"] * 48 * 48  # every pixel once
    calibration = result["calibration"]
    assert calibration["answers"] == sum(entry["answers"] for entry in calibration["bins"]) == result["samples"] * 48 * 48
    assert sum(entry["answers"] * entry["accuracy"] for entry in calibration["bins"]) == pytest.approx(calibration["answers"] * result["oa"])
    assert 0 <= calibration["error"] <= 1 and ">Calibration<" in (folder / "report.html").read_text()
    assert {"miou", "macro_f1", "oa", "interval"} <= result.keys()
    # Both reports show calibration, confusion, and of each sample (as long as they are few) image, truth, prediction and errors.
    for report, samples in ((folder / "run" / "report.html", tuned["validation_samples"]), (folder / "report.html", result["samples"])):
        page = report.read_text()
        assert 0 < samples <= 6 and page.count("where it is right and wrong") == samples
        assert page.count("data:image/png") == 2 + samples

    # A label that stands for no class: one line that names the file and the value.
    mask = numpy.array(Image.open(folder / "data" / "masks" / "0.png"))
    mask[0, 0] = 9
    for number in range(10):
        Image.fromarray(mask).save(folder / "data" / "masks" / f"{number}.png")
    message = refusal_of(
        "finetune", "--recipe", folder / "maps.yaml", "--data", folder / "data", "--model", "random:nano", "-o", folder / "bad"
    )
    assert "masks/" in message and "9" in message


def test_dry_run_says_what_would_be_done(images, recipe, folder):
    result = result_of(
        "finetune", "--recipe", recipe, "--data", images, "--model", "random:nano", "--dry-run", "--shots", "2",
        "--set", "train.epochs=5", "--set", "task.frozen=[model]", "--set", "data.val_share=0",
    )  # fmt: skip
    assert result["training_samples"] == 6 and result["steps"] == 5 and result["kind"] == "scene"
    assert result["inputs"] == {"hr": "aerial-rgb"} and result["classes"] == list(CLASSES)
    assert 0 < result["learning"] < result["parameters"]
    assert "side: 32" in result["config"]
    assert not (folder / "run").exists()


def test_steps_by_hand_take_the_place_of_a_recipes_epochs(images, recipe, folder):
    options = yaml.safe_load(recipe.read_text())
    options["train"] = {**options["train"], "epochs": 5, "warmup_epochs": 2}
    (folder / "epochs.yaml").write_text(yaml.safe_dump(options))
    command = ["finetune", "--recipe", folder / "epochs.yaml", "--data", images, "--model", "random:nano", "--dry-run", "--shots", "2"]
    assert result_of(*command)["steps"] == 3  # five passes over four samples in batches of six
    by_hand = result_of(*command, "--set", "train.steps=7", "--set", "train.warmup_steps=1")
    assert (by_hand["steps"], by_hand["warmup_steps"]) == (7, 1)
    assert result_of(*command, "--set", "train.steps=7", "--set", "train.epochs=50")["steps"] == 33  # both by hand: epochs win


def test_recipes_are_listed_by_name_and_title(recipe):
    result = result_of("finetune", "--recipe", "list", env={**os.environ, "SKYSENSE_RECIPES": str(recipe.parent)})
    assert result["recipes"] == [{"name": "scenes", "title": "three classes of small pictures"}]


def test_what_does_not_fit_is_refused(trained, images, recipe, folder):
    out, _ = trained
    base = ["finetune", "--recipe", recipe, "--data", images, "--model", "random:nano", "-o", folder / "run"]
    assert "train.lr" in refusal_of(*base, "--set", "train.lrr=1", code=WRONG_USAGE)
    assert "upernet" in refusal_of(*base, "--set", "task.head=upernet", code=WRONG_USAGE)
    for experts in ("frozen-gate", "single-expert"):
        assert f"task.moe {experts}" in refusal_of(*base, "--set", f"task.moe={experts}", code=WRONG_USAGE)
    assert "did you mean 'scenes'" in refusal_of(
        "finetune", "--recipe", "scene", "--data", images, code=WRONG_USAGE, env={**os.environ, "SKYSENSE_RECIPES": str(recipe.parent)}
    )
    assert "--resume" in refusal_of(*base[:-1], out)
    assert "no such model" in refusal_of(*base[:5], "--model", folder / "absent", "-o", folder / "run")

    # Other classes than the model's, and other images.
    other = folder / "other"
    for name in CLASSES[:2]:
        (other / name).mkdir(parents=True)
        (other / name / "1.png").write_bytes((images / name / f"{name}_1.png").read_bytes())
    assert "classes" in refusal_of("evaluate", "--model", out, "--data", other)
    many = folder / "sentinel"
    for name in CLASSES:
        (many / name).mkdir(parents=True)
        with rasterio.open(
            many / name / "1.tif", "w", driver="GTiff", width=32, height=32, count=10, dtype="uint16"
        ) as raster:
            raster.write(numpy.full((10, 32, 32), 1000, "uint16"))
    message = refusal_of("evaluate", "--model", out, "--data", many, "--set", "data.options.sensor=sentinel2-l2a")
    assert "hr images" in message and "aerial-rgb" in message


def test_a_pretrained_model_is_no_fine_tuned_one(images, folder):
    result_of("pretrain", "--preset", "nano", "--data", "synth:4", "-o", folder / "run", "--set", "train.steps=0")
    assert "skysense finetune" in refusal_of("evaluate", "--model", folder / "run", "--data", images)


def test_help_lists_every_option_with_an_example():
    text = run("finetune", "--help").stdout
    for key in ("data.reader", "task.head", "task.lora.rank", "train.layer_decay", "eval.patience", "augment.mixup.chance"):
        assert key in text
    assert "Example" in text and "Example" in run("evaluate", "--help").stdout
