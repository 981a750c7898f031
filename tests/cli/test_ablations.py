"""The ablations' recipes, and benchmarks/ablations.py as one command that is stopped and repeated."""

import json
import os
import pathlib
import signal
import subprocess
import sys
import time

import numpy
import pytest
import torch
import yaml
from PIL import Image
from safetensors.torch import load_file

from conftest import PROGRAM, refusal_of, result_of

ROOT = pathlib.Path(__file__).resolve().parents[2]
COMMAND = ROOT / "benchmarks" / "ablations.py"
RECIPES = sorted(path for path in (ROOT / "recipes").rglob("*.yaml") if "downstream" not in path.parts)  # those are of fine-tuning: test_recipes.py
TINY = {"views": {"local_views": 2, "ms_dates": 1, "sar_dates": 1}, "train": {"batch_size": 2, "warmup_steps": 1, "log_every": 1},
        "contrast": {"fit_heads": False}}
TRAINED = ("full-s1", "without-prompts-s1", "random-s1")


def lookup(values, key):
    for part in key.split("."):
        values = values[part]
    return values


def flattened(values, prefix=""):
    for key, value in values.items():
        if isinstance(value, dict):
            yield from flattened(value, f"{prefix}{key}.")
        else:
            yield prefix + key, value


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda file: file.stem)
def test_every_recipe_is_read_and_says_something_of_the_papers_model(recipe, folder):
    """Of no step, so that the config is parsed, checked, resolved, and a model built by it."""
    result_of("pretrain", "--preset", "nano", "--data", "synth:1,size=16", "-o", folder / "run", "--config", recipe,
              "--set", "train.steps=0", "--set", "head.outputs=16", "--set", "gcpl.enabled=false")
    resolved = yaml.safe_load((folder / "run" / "config.yaml").read_text())
    given = {key: value for key, value in flattened(yaml.safe_load(recipe.read_text())) if not key.startswith(("train.steps", "head"))}
    assert all(lookup(resolved, key) == value for key, value in given.items())


def test_a_recipe_with_an_unknown_key_is_refused(folder):
    (folder / "wrong.yaml").write_text("qsacl: {query: 4}")
    message = refusal_of("pretrain", "--data", "synth:1", "-o", folder / "run", "--config", folder / "wrong.yaml", code=2)
    assert "qsacl.query'" in message and "'qsacl.queries'" in message


def test_separate_backbones_train_and_are_probed(folder):
    settings = ["--set", "train.steps=1", "--set", "train.batch_size=2", "--set", "views.local_views=1", "--set", "model.separate_backbones=true",
                "--set", "model.moe.experts=2"]
    result_of("pretrain", "--data", "synth:2,size=16", "-o", folder / "run", *settings)
    logged = json.loads((folder / "run" / "log.jsonl").read_text().splitlines()[-1])
    assert {"experts.hr.3.0", "experts.ms.3.0", "experts.sar.2.3"} <= logged.keys()
    result_of("synth", "-o", folder / "world", "--places", 24, "--test-places", 12, "--size", 16, "--hr-per-cell", 2, "--ms-dates", 2, "--sar-dates", 1)
    for modality in ("ms", "fused"):
        probe = result_of("probe", "--model", folder / "run", "--data", folder / "world", "--test", folder / "world" / "test", "--modality", modality)
        assert probe["test_samples"] == 12
    shared = result_of("info", "--preset", "nano")
    separate = result_of("info", "--model", folder / "run")
    assert separate["parameters"] > 3 * 0.6 * shared["parameters"]


def test_a_world_of_its_own_seed_and_size(folder):
    settings = ["--set", "train.steps=1", "--set", "train.batch_size=1", "--set", "views.local_views=1", "--set", "views.ms_dates=1", "--set",
                "views.sar_dates=1", "--set", "head.outputs=16", "--set", "gcpl.enabled=false"]

    def loss(data, seed):
        run = folder / f"{data.replace(':', '-')}-{seed}"
        return result_of("pretrain", "--data", data, "-o", run, "--set", f"seed={seed}", *settings)["loss"]

    assert loss("synth:2,seed=7,size=16", 7) == loss("synth:2,size=16", 7) != loss("synth:2,seed=8,size=16", 7)
    for wrong, named in (("synth:2,sise=16", "'size'"), ("synth:2,size=many", "an integer"), ("synth:2,16", "KEY=VALUE"), ("synth:2,hr=4", "views.hr_per_cell")):
        assert named in refusal_of("pretrain", "--data", wrong, "-o", folder / "run", code=2)


def command_of(out, *more):
    command = [sys.executable, COMMAND, "--out", out, "--program", PROGRAM, "--settings", out.parent / "tiny.yaml", "--seeds", "1",
               "--only", "full", "without-prompts", "random", "--places", "6", "--size", "16", "--probe-places", "24", "--test-places", "12",
               "--jobs", "2", *more]
    return [str(word) for word in command]


def run_ablations(out, *more):
    done = subprocess.run(command_of(out, *more), capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    return done


def files_of(out):
    return {path.relative_to(out): path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file() and path.suffix != ".log"}


def tiny(folder):
    (folder / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    return folder / "ablations"


def test_the_command_trains_probes_and_reports_once(folder):
    out = tiny(folder)
    run_ablations(out, "--steps", 2, "--stage", "train", "--keep-as", "float16")
    assert sorted(file.stem for file in (out / "train").iterdir()) == sorted(TRAINED)
    assert not list(out.rglob("optimizer*")) and not list(out.rglob("student*"))
    run_ablations(out, "--steps", 2)
    report = json.loads((out / "must-show.json").read_text())
    (table,) = report["tables"]
    rows = {row["variant"]: row for row in table["rows"]}
    assert rows["full"]["seeds"] == rows["statistics"]["seeds"] == rows["random"]["seeds"] == [1]
    assert rows["without-ita"]["seeds"] == [] and "reference" not in rows["full"]
    for variant in ("full", "random", "statistics"):
        columns = rows[variant]["columns"]
        assert len(columns) == 9 and all(0 <= column["mean"] <= 100 for column in columns.values())
    gain = rows["random"]["reference"]
    assert gain["gain"] == pytest.approx(rows["full"]["columns"]["mean"]["mean"] - rows["random"]["columns"]["mean"]["mean"])
    assert "| pixel statistics | 1 |" in (out / "must-show.md").read_text()
    # What is kept of a training shows its queries too.
    drawn = result_of("visualize", "attention", "--model", out / "models" / "full-s1" / "step-2", "--data", out / "worlds" / "s1" / "test", "--places", 2,
                      "-o", folder / "queries.png")
    assert len(drawn["places"]) == 2 and Image.open(folder / "queries.png").width > 100
    # Again: everything is there already.
    (out / "must-show.md").unlink(), (out / "must-show.json").unlink()
    before = files_of(out)
    run_ablations(out, "--steps", 2)
    after = files_of(out)
    assert {name: after[name] for name in before} == before
    assert set(after) - set(before) == {pathlib.Path("must-show.md"), pathlib.Path("must-show.json")}
    # Real images, whose classes are told apart by their colours alone.
    generator = numpy.random.default_rng(0)
    for name, colour in (("blue", (40, 80, 180)), ("green", (60, 180, 50))):
        (folder / "images" / name).mkdir(parents=True)
        for number in range(12):
            pixels = numpy.clip(generator.normal(colour, 20, (40, 40, 3)), 0, 255).astype("uint8")
            Image.fromarray(pixels).save(folder / "images" / name / f"{number}.png")
    run_ablations(out, "--steps", 2, "--real", folder / "images", "--real-size", 32)
    real = json.loads((out / "must-show.json").read_text())["real"]
    assert real["classes"] == 2 and real["size"] == 32 and set(real["accuracy"]) == {"full", "random", "statistics"}
    assert real["accuracy"]["statistics"]["linear"] == [100] and "| random | 1 |" in (out / "must-show.md").read_text()
    refused = subprocess.run(command_of(out, "--steps", 2, "--real", folder / "images", "--real-size", 64), capture_output=True, text=True)
    assert refused.returncode == 1 and "real.json" in refused.stderr
    # Rendered as they are needed the places are the same.
    for file in (out / "probes").glob("random-s1.*"):
        file.unlink()
    run_ablations(out, "--steps", 2, "--live")
    assert json.loads((out / "must-show.json").read_text())["tables"] == report["tables"]
    # Other settings do not mix with these.
    refused = subprocess.run(command_of(out, "--steps", 3), capture_output=True, text=True)
    assert refused.returncode == 1 and "another steps" in refused.stderr


def weights_of(out, key, steps):
    tensors = load_file(out / "models" / key / f"step-{steps}" / "teacher.safetensors")
    return torch.cat([tensors[name].flatten() for name in sorted(tensors)])


def test_a_killed_command_goes_on_where_it_was(folder):
    steps = 12
    (folder / "killed").mkdir(), (folder / "whole").mkdir()
    killed, whole = tiny(folder / "killed"), tiny(folder / "whole")
    process = subprocess.Popen(command_of(killed, "--steps", steps, "--stage", "train"), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    run = killed / "runs" / "full-s1"
    end = time.monotonic() + 300
    while not (run / "checkpoints" / "step-3").exists():
        assert process.poll() is None and time.monotonic() < end, "no checkpoint came"
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()
    while is_written_by_somebody(run):  # the trainings end with the command, after a checkpoint
        assert time.monotonic() < end, "a training goes on without its command"
        time.sleep(0.1)
    assert not (killed / "train" / "full-s1.json").exists()
    stopped_at = max(int(path.name.split("-")[1]) for path in (run / "checkpoints").iterdir())
    assert 3 <= stopped_at < steps
    run_ablations(killed, "--steps", steps, "--stage", "train")
    run_ablations(whole, "--steps", steps, "--stage", "train")
    for key in TRAINED:
        found, expected = (weights_of(out, key, 0 if key == "random-s1" else steps) for out in (killed, whole))
        assert (found - expected).norm() <= 1e-5 * expected.norm(), key
    assert f"after step {stopped_at}" in (killed / "logs" / "train-full-s1.log").read_text()


def is_written_by_somebody(run):
    """Whether a process has the run as its output."""
    for process in pathlib.Path("/proc").glob("[0-9]*"):
        try:
            if str(run) in (process / "cmdline").read_text().split("\0"):
                return True
        except OSError:
            continue
    return False


def test_curves_of_several_checkpoints_are_drawn(folder):
    out = tiny(folder)
    command = [sys.executable, COMMAND, "--out", out, "--program", PROGRAM, "--settings", folder / "tiny.yaml", "--group", "paper", "--seeds", "1",
               "--only", "components-1-separate-backbones", "components-6-qsacl", "random", "--places", "6", "--size", "16",
               "--probe-places", "24", "--test-places", "12", "--steps", "4", "--checkpoints", "2", "--jobs", "2"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600, env=os.environ)
    assert done.returncode == 0, done.stderr
    report = json.loads((out / "paper.json").read_text())
    assert {label: [step for step, _ in points] for label, points in report["curves"].items()} == {
        "separate backbones": [2, 4], "+ QSACL": [2, 4]}
    assert (out / "paper.png").read_bytes().startswith(b"\x89PNG")
    experts = next(table for table in report["tables"] if table["title"].startswith("Table 14"))
    assert [row["paper"] for row in experts["rows"]] == [[89.05, 82.57], [91.0, 85.11], [91.23, 85.97]]
    assert "91.00 / 85.11" in (out / "paper.md").read_text()
