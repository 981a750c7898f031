"""benchmarks/downstream.py as one command that is repeated, at sizes of seconds."""

import json
import pathlib
import subprocess
import sys

import numpy
import yaml

from conftest import PROGRAM, result_of
from parity import dataset_files

ROOT = pathlib.Path(__file__).resolve().parents[2]
TINY = {"views": {"local_views": 1, "ms_dates": 1, "sar_dates": 1}, "train": {"batch_size": 2, "warmup_steps": 1}, "contrast": {"fit_heads": False},
        "head": {"outputs": 16}, "gcpl": {"enabled": False}}


def run(out, *more):
    (out.parent / "tiny.yaml").write_text(yaml.safe_dump(TINY))
    command = [sys.executable, ROOT / "benchmarks" / "downstream.py", "--out", out, "--program", PROGRAM, "--quick", "--settings",
               out.parent / "tiny.yaml", "--only", "scene", "crops-ms-date", "crops-ms-series", "--steps", "2", "--batch", "2", "--places",
               "24", "--test-places", "4", "--size", "16", "--pretrain-steps", "1", "--pretrain-places", "4", "--jobs", "2", "--fractions", "0.2", *more]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600)


def test_the_command_trains_evaluates_and_reports_once(folder):
    out = folder / "downstream"
    done = run(out)
    assert done.returncode == 0, done.stderr
    report = json.loads((out / "downstream.json").read_text())
    rows = {row["task"]: row for row in report["low_label"]}
    assert set(rows) == {"scene"}
    row = rows["scene"]
    assert set(row["values"]) == {"pretrained", "random", "u-net"}
    assert all(0 <= value <= 100 for values in row["values"].values() for value in values.values())
    assert row["over_random"]["verdict"] == "one seed: no verdict"
    samples = {run["network"]: run["training_samples"] for run in report["runs"] if run["task"] == "scene"}
    assert samples["pretrained"] == samples["random"] == samples["u-net"] > 0  # the same labels for all
    assert row["parameters"]["pretrained"] == row["parameters"]["random"] > 0 and row["parameters"]["u-net"] > 0
    (claim,) = report["claims"]
    assert claim["claim"] == "series beat single dates: crops"
    assert "| scene | oa | 20% (" in (out / "downstream.md").read_text()
    assert not list(out.rglob("runs/*/checkpoints"))
    before = {file: file.stat().st_mtime_ns for file in (out / "results").iterdir()}
    again = run(out)
    assert again.returncode == 0, again.stderr
    assert {file: file.stat().st_mtime_ns for file in (out / "results").iterdir()} == before
    other = run(out, "--steps", "3")
    assert other.returncode == 1 and "another steps" in other.stderr


def test_a_u_net_learns_what_changed_into_what(folder):
    """On the very samples that it is tested on: some of the changed ground is of the right class."""
    file = folder / "samples.safetensors"
    done = subprocess.run([PROGRAM, "datasets", "export", "places-semantic-change", "synth:6,val=1,test=1,seed=1,size=16,hr=4", "--split", "train",
                           "--modality", "hr", "-o", str(file)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    command = [sys.executable, "-m", "peers.u_net", "--train", file, "--test", file, "--modality", "hr", "--steps", "40", "--batch", "4",
               "--lr", "3e-3", "--parameters", "200000"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, cwd=ROOT / "python")
    assert done.returncode == 0, done.stderr
    metrics = json.loads(done.stdout)["metrics"]
    assert metrics["scs"] == (metrics["bc"] + metrics["sc"]) / 2
    assert metrics["sc"] > 0.03 and metrics["bc"] > 0.003


def test_the_u_nets_score_of_change_is_that_of_its_definition():
    sys.path.insert(0, str(ROOT / "python"))
    import torch
    from peers.u_net import semantic_change

    truth = torch.tensor([[[[0, 0, 1, 1, 2, -1]], [[0, 1, 1, 2, 2, 1]]]])
    predicted = torch.tensor([[[[0, 0, 1, 1, 2, 1]], [[0, 1, 2, 1, 2, 1]]]])
    scores = semantic_change(predicted, truth, 3)
    # Changed: pixels 1, 3 and 5; predicted so: 1 and 2. Of the changed ones 1 and 5 are class 1, found as such; 3 is 2, found as 1.
    assert scores["bc"] == 1 / 4
    assert scores["sc"] == (2 / 3 + 0) / 2


def test_real_pieces_are_learnt_and_reported(folder):
    """Of the folders that the command looks for those that are there, here in their layouts and a few pixels large."""
    data, out = folder / "data", folder / "real"
    for piece, write in (("aid_150", lambda root, rng: dataset_files.class_folders(root, rng, ["Airport", "Pond"], ".png", images=8)),
                         ("levir_cd", dataset_files.levir_cd)):
        (data / piece).mkdir(parents=True)
        write(data / piece, numpy.random.default_rng(0))
    result_of("pretrain", "--preset", "nano", "--data", "synth:2,size=16", "-o", folder / "model", "--set", "train.steps=0", "--set", "head.outputs=16")
    command = [sys.executable, ROOT / "benchmarks" / "downstream.py", "--out", out, "--program", PROGRAM, "--real", data, "--model",
               folder / "model", "--seeds", "1", "--steps", "2", "--batch", "2", "--jobs", "2"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    runs = {(run["task"], run["network"]): run for run in json.loads((out / "real.json").read_text())["runs"]}
    assert set(runs) == {(task, network) for task in ("aid", "levir") for network in ("pretrained", "random")} | {("aid", "pixel-statistics")}
    assert all(0 <= run["value"] <= 1 for run in runs.values())
    learnt, tested = ({file.name for file in (out / "aid" / split).rglob("*.png")} for split in ("train", "test"))
    assert len(learnt) == runs["aid", "pretrained"]["training_samples"] and len(tested) == runs["aid", "pretrained"]["test_samples"]
    assert "| aid | oa | " in (out / "real.md").read_text() and "| levir | f1 | " in (out / "real.md").read_text()


def test_a_probe_of_each_stage_finds_what_tells_scenes_apart(folder):
    def run(*words):
        done = subprocess.run([PROGRAM, *map(str, words)], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr

    run("pretrain", "--preset", "nano", "--data", "synth:8,size=16", "-o", folder / "run", "--set", "train.steps=0")
    for split in ("train", "test"):
        run("datasets", "export", "places-class", "synth:240,test=120,size=16,hr=4", "--split", split, "--modality", "hr", "-o",
            folder / f"{split}.safetensors")
    command = [sys.executable, "-m", "peers.stage_probe", "--model", folder / "run/model", "--train", folder / "train.safetensors", "--test",
               folder / "test.safetensors", "--modality", "hr"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=300, cwd=ROOT / "python")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    assert len(result["mean_of_stage"]) == 4 and all(0 < share < 1 for share in result["share_within_places"])
    assert result["all_stages"] > 2 / 12 and result["pixels"] > 2 / 12  # of twelve classes: twice what chance finds
