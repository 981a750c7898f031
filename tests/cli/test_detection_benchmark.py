"""benchmarks/detection.py as one command that is repeated, at sizes of seconds."""

import json
import pathlib
import subprocess
import sys

import pytest
import yaml

from conftest import PROGRAM

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = {"views": {"local_views": 1, "ms_dates": 1, "sar_dates": 1}, "train": {"batch_size": 2, "warmup_steps": 1}, "contrast": {"fit_heads": False},
        "head": {"outputs": 16}, "gcpl": {"enabled": False}}


def run(out, *more):
    (out.parent / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    command = [sys.executable, ROOT / "benchmarks" / "detection.py", "--out", out, "--program", PROGRAM, "--quick", "--settings",
               out.parent / "tiny.yaml", "--steps", "2", "--places", "6", "--test-places", "3", "--size", "6", "--channels", "16", "--pretrain-steps", "1",
               "--pretrain-places", "4", "--jobs", "2", "--set", "dtype=float32", *more]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600)


def test_the_command_trains_evaluates_and_reports_once(folder):
    out = folder / "detection"
    done = run(out)
    assert done.returncode == 0, done.stderr
    report = json.loads((out / "detection.json").read_text())
    assert {(row["boxes"], row["metric"]) for row in report["initialisation"]} == {
        (boxes, metric) for boxes in ("horizontal", "oriented") for metric in ("map50", "map75", "map")}
    for row in report["initialisation"]:
        assert set(row["values"]) == {"pretrained", "random"} and row["gain"]["verdict"] == "one seed: no verdict"
    assert [row["what"] for row in report["direction"]] == ["all scenes", "dense scenes", "dense scenes, their classes"]
    horizontal = next(run for run in report["runs"] if run["boxes"] == "horizontal")
    assert set(horizontal["measured"]) == {"horizontal", "oriented", "dense"}
    assert not list(out.rglob("runs/*/checkpoints"))
    configs = [yaml.safe_load(file.read_text()) for file in out.glob("runs/*/config.yaml")]
    assert [config["dtype"] for config in configs] == ["float32"] * 4, "--set goes over the recipe"
    before = {file: file.stat().st_mtime_ns for file in (out / "results").iterdir()}
    assert run(out).returncode == 0
    assert {file: file.stat().st_mtime_ns for file in (out / "results").iterdir()} == before
    other = run(out, "--steps", "3")
    assert other.returncode == 1 and "another steps" in other.stderr


def test_pieces_are_boxes_of_what_the_labels_say(folder):
    sys.path.insert(0, str(ROOT / "benchmarks"))
    numpy, image = pytest.importorskip("numpy"), pytest.importorskip("PIL.Image")
    import detection_pieces

    ids, colours = numpy.zeros((20, 30, 3), "uint8"), numpy.zeros((20, 30, 3), "uint8")
    ids[5:9, 10:20], colours[5:9, 10:20] = (1, 0, 0), detection_pieces.ISAID["plane"]
    ids[15, 2], colours[15, 2] = (2, 0, 0), detection_pieces.ISAID["ship"]  # a single pixel is no object
    for name, pixels in (("a", colours), ("a_instance_id_RGB", ids), ("a_instance_color_RGB", colours)):
        image.fromarray(pixels).save(folder / f"{name}.png")
    (plane,) = detection_pieces.objects_of_masks(folder / "a.png", detection_pieces.ISAID)
    assert plane["class"] == "plane"
    assert (plane["points"].min(0).tolist(), plane["points"].max(0).tolist()) == ([10, 5], [20, 9])
    pixels, (kept,) = detection_pieces.cut(colours, [plane], 8, 2, 15)
    assert pixels.shape[:2] == (15, 15) and kept["points"].min(0).tolist() == [2, 3] and not kept["difficult"]
    assert detection_pieces.cut(colours, [plane], 12, 0, 15)[1][0]["difficult"]
    assert detection_pieces.cut(colours, [plane], 20, 0, 10)[1] == []
