"""In-loop evaluation: what a run logs of its teacher is what probe measures of the checkpoint, and the training does not feel it."""

import signal
import subprocess

import numpy
import pytest
from conftest import PROGRAM, WRONG_USAGE, refusal_of, result_of
from PIL import Image
from test_distributed import finish, start
from test_pretrain import log_of, pretrain, wait_for, weights_of

STEPS = 4
# Steps so large, and a teacher so quick, that the features of every checkpoint and of both branches differ.
MOVING = ["--set", "threads=1", "--set", "train.lr=0.02", "--set", "train.momentum=0.5", "--set", "train.final_momentum=0.5"]
EVERY = ["--set", "eval.every=2", "--set", "checkpoints.keep=10", *MOVING]
COLOURS = {"field": (70, 140, 50), "roof": (150, 80, 70), "water": (70, 120, 60)}


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """Three classes of noisy pictures that are hard to tell apart."""
    folder, random = tmp_path_factory.mktemp("labelled") / "images", numpy.random.default_rng(0)
    for name, colour in COLOURS.items():
        (folder / name).mkdir(parents=True)
        for number in range(20):
            pixels = numpy.array(colour) + random.normal(0, 60, 3) + random.normal(0, 12, (32, 32, 3))
            Image.fromarray(pixels.clip(0, 255).astype("uint8")).save(folder / name / f"{name}_{number}.png")
    return folder


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory, images):
    folder = tmp_path_factory.mktemp("evaluated") / "run"
    result_of(*pretrain(folder, STEPS, *EVERY, "--set", f"eval.data={images}", "--set", "eval.k=3"))
    return folder


def curve_of(folder):
    return {line["step"]: (line["eval.knn"], line["eval.knn_class_mean"]) for line in log_of(folder) if "eval.knn" in line}


def test_the_curve_is_what_probe_measures_of_each_checkpoint(evaluated, images):
    curve = curve_of(evaluated)
    assert list(curve) == [0, 2, 4] and len(set(curve.values())) == 3
    for step, figures in curve.items():
        probed = result_of("probe", "--model", evaluated / "checkpoints" / f"step-{step}", "--data", images, "-k", 3, "--threads", 1)
        assert figures == (probed["oa"], probed["mean_class_accuracy"]), f"step {step}"


@pytest.mark.parametrize("modality", ["ms", "fused"])
def test_an_index_with_its_own_test_samples_too(folder, modality):
    """Fused features attend to the prototypes, which the run is learning."""
    result_of("synth", "-o", folder / "world", "--places", 24, "--test-places", 12, "--size", 16, "--no-hr", "--ms-dates", 2, "--sar-dates", 1)
    data, test = folder / "world", folder / "world" / "test"
    result_of(*pretrain(folder / "run", 2, *EVERY, "--set", f"eval.data={data}", "--set", f"eval.test={test}", "--set", f"eval.modality={modality}"))
    probed = result_of("probe", "--model", folder / "run", "--data", data, "--test", test, "--modality", modality, "--threads", 1)
    assert curve_of(folder / "run")[2] == (probed["oa"], probed["mean_class_accuracy"])


def without_evaluation(lines):
    kept = [{key: value for key, value in line.items() if not key.startswith("eval.")} for line in lines]
    return [line for line in kept if line["step"] > 0]


def test_training_does_not_feel_it(evaluated, folder):
    result_of(*pretrain(folder / "plain", STEPS, *MOVING))
    assert log_of(folder / "plain") == without_evaluation(log_of(evaluated))
    assert weights_of(folder / "plain" / "model") == weights_of(evaluated / "model")


def test_a_killed_run_resumes_with_the_same_curve(evaluated, images, folder):
    command = pretrain(folder / "run", STEPS, *EVERY, "--set", f"eval.data={images}", "--set", "eval.k=3")
    process = subprocess.Popen([PROGRAM, *map(str, command)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(folder / "run" / "checkpoints" / "step-2", process)
    process.send_signal(signal.SIGKILL)
    process.wait()
    result_of(*command, "--resume")
    assert log_of(folder / "run") == log_of(evaluated)


def test_report_and_tensorboard_have_the_curve(evaluated):
    assert "kNN accuracy of the teacher" in (evaluated / "report.html").read_text()
    assert any(b"eval.knn" in file.read_bytes() for file in evaluated.glob("events.out.tfevents.*"))


def test_the_synthetic_world_needs_no_files(folder):
    """Places that the training never shows, rendered as they are asked for."""
    result_of(*pretrain(folder / "run", 1, "--set", "eval.every=1", "--set", "eval.data=synth:24,size=32", "--set", "eval.modality=ms"))
    assert list(curve_of(folder / "run")) == [0, 1]


def test_the_first_of_several_processes_evaluates_and_the_others_wait(images, folder):
    both = pretrain(folder / "run", 2, "--set", "eval.every=1", "--set", f"eval.data={images}", "--set", "distributed.timeout_s=60")
    finish(start(2, *both))
    lines = log_of(folder / "run")
    assert [line["step"] for line in lines] == [0, 1, 2]
    assert all("eval.knn" in line for line in lines)


def test_refusals(images, folder):
    assert "eval.data" in refusal_of(*pretrain(folder / "run", 1, "--set", "eval.every=1"), code=WRONG_USAGE)
    every = ["--set", "eval.every=1"]
    assert "no such folder" in refusal_of(*pretrain(folder / "run", 1, *every, "--set", f"eval.data={folder / 'absent'}"))
    assert "eval.modality" in refusal_of(*pretrain(folder / "run", 1, *every, "--set", f"eval.data={images}", "--set", "eval.modality=radar"), code=WRONG_USAGE)
    assert not (folder / "run").exists()


def test_samples_that_vanish_cost_the_run_no_step(images, folder):
    data = folder / "data"
    for name in COLOURS:
        (data / name).mkdir(parents=True)
        for file in sorted((images / name).iterdir())[:4]:
            (data / name / file.name).write_bytes(file.read_bytes())
    process = subprocess.Popen([PROGRAM, *map(str, pretrain(folder / "run", 4, *EVERY, "--set", f"eval.data={data}", "--set", "eval.cache=0"))],
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for(folder / "run" / "checkpoints" / "step-0", process)
    for file in data.glob("*/*.png"):
        file.unlink()
    _, errors = process.communicate(timeout=300)
    assert process.returncode == 0, errors
    assert "could not be evaluated" in errors
