"""Pre-training as a run that is stopped, killed, starved of disk and resumed."""

import json
import os
import resource
import signal
import subprocess
import time

import pytest
from conftest import FAILED, PROGRAM, WRONG_USAGE, refusal_of, result_of, run

SETTINGS = ["--preset", "nano", "--data", "synth:4", "--set", "train.batch_size=2", "--set", "train.warmup_steps=1",
            "--set", "train.checkpoint_every=2", "--set", "train.log_every=1", "--set", "views.local_views=2"]


def pretrain(folder, steps, *more):
    return ["pretrain", *SETTINGS, "--set", f"train.steps={steps}", "-o", folder, *more]


def log_of(folder):
    """Every logged step without what depends on the clock."""
    lines = [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if not key.endswith(("per_second", "seconds", "share"))} for line in lines]


def weights_of(checkpoint):
    return {file.name: file.read_bytes() for file in sorted(checkpoint.glob("*.safetensors"))}


def wait_for(path, process, seconds=300):
    end = time.monotonic() + seconds
    while not path.exists():
        assert process.poll() is None, "the run ended early"
        assert time.monotonic() < end, f"{path} never came"
        time.sleep(0.02)


@pytest.fixture(scope="module")
def whole_run(tmp_path_factory):
    """An uninterrupted run of six steps."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    result_of(*pretrain(folder, 6))
    return folder


def test_a_run_folder_is_complete(whole_run):
    for name in ["config.yaml", "log.jsonl", "report.html", "model/contract.json", "model/teacher.safetensors"]:
        assert (whole_run / name).exists(), name
    assert list(whole_run.glob("events.out.tfevents.*"))
    assert (whole_run / "model").resolve() == (whole_run / "checkpoints" / "step-6").resolve()
    lines = log_of(whole_run)
    assert [line["step"] for line in lines] == list(range(1, 7))
    assert {"loss", "lr"} <= lines[0].keys()


def test_a_killed_run_resumes_bit_for_bit(whole_run, folder):
    process = subprocess.Popen([PROGRAM, *map(str, pretrain(folder / "run", 6))], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    wait_for(folder / "run" / "checkpoints" / "step-2", process)
    process.send_signal(signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    result_of(*pretrain(folder / "run", 6, "--resume"))
    assert weights_of(folder / "run" / "model") == weights_of(whole_run / "model")
    assert log_of(folder / "run") == log_of(whole_run)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGUSR1])
def test_a_signal_writes_a_checkpoint_and_exits_with_its_own_code(folder, number):
    process = subprocess.Popen([PROGRAM, *map(str, pretrain(folder / "run", 1000))], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(folder / "run" / "checkpoints" / "step-2", process)
    process.send_signal(number)
    _, said = process.communicate(timeout=120)
    assert process.returncode == 128 + number, said[-2000:]
    steps = [int(path.name.split("-")[1]) for path in (folder / "run" / "checkpoints").iterdir()]
    newest = (folder / "run" / "model").resolve()
    assert newest.name == f"step-{max(steps)}" and (newest / "state.json").exists()
    logged = log_of(folder / "run")[-1]["step"]
    assert max(steps) == logged, "no step after the last checkpoint is lost"


def stopped_run(folder, after, pause):
    """Stopped by SIGUSR1 once a checkpoint is there: again and again until the end where there is a pause between two.

    One of a storm that comes after the run has stopped watching kills it, which is as good an end.
    """
    process = subprocess.Popen([PROGRAM, *map(str, pretrain(folder, 1000))], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_for(folder / "checkpoints" / after, process)
    process.send_signal(signal.SIGUSR1)
    while pause and process.poll() is None:
        process.send_signal(signal.SIGUSR1)
        time.sleep(pause)
    _, said = process.communicate(timeout=120)
    ends = (128 + signal.SIGUSR1, -signal.SIGUSR1) if pause else (128 + signal.SIGUSR1,)
    assert process.returncode in ends, said[-2000:]
    return log_of(folder)


def test_signals_write_over_nothing(folder):
    """Some come while oneDNN computes with the stack pointer on the heap."""
    quiet, stormy = stopped_run(folder / "quiet", "step-4", 0), stopped_run(folder / "stormy", "step-2", 0.0005)
    common = min(len(quiet), len(stormy))
    assert common >= 3 and stormy[:common] == quiet[:common]


def test_zero_steps_write_the_initial_checkpoint(folder):
    result_of(*pretrain(folder / "run", 0))
    assert (folder / "run" / "model").resolve().name == "step-0"


def test_only_the_newest_checkpoints_are_kept(folder):
    result_of(*pretrain(folder / "run", 5, "--set", "train.checkpoint_every=1", "--set", "checkpoints.keep=2"))
    assert sorted(path.name for path in (folder / "run" / "checkpoints").iterdir()) == ["step-4", "step-5"]


def limit_files_to(size):
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)  # then a write beyond the limit fails as on a full disk
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
    return limit


def test_a_full_disk_leaves_the_earlier_checkpoint(folder):
    result_of(*pretrain(folder / "run", 2))
    before = weights_of(folder / "run" / "model")
    message = refusal_of(*pretrain(folder / "run", 4, "--resume"), preexec_fn=limit_files_to(1_000_000))
    assert "step-" in message and "too large" in message
    assert sorted(path.name for path in (folder / "run" / "checkpoints").iterdir()) == ["step-0", "step-2"]
    assert weights_of(folder / "run" / "model") == before


def test_an_unknown_key_names_the_nearest(folder):
    message = refusal_of(*pretrain(folder / "run", 1, "--set", "train.step=3"), code=WRONG_USAGE)
    assert "train.step'" in message and "'train.steps'" in message
    assert not (folder / "run").exists()


def test_an_unknown_preset_names_the_nearest(folder):
    assert "nano" in refusal_of("pretrain", "--preset", "nanno", "--data", "synth:2", "-o", folder / "run", code=WRONG_USAGE)


def test_a_missing_dataset_is_named(folder):
    done = run("pretrain", "--preset", "nano", "--data", folder / "absent", "-o", folder / "run")
    assert done.returncode in (FAILED, WRONG_USAGE)
    assert done.stderr.startswith("error: ") and "absent" in done.stderr
    assert not (folder / "run").exists()


def test_a_broken_config_file_is_named(folder):
    (folder / "run.yaml").write_text("train: [")
    assert "run.yaml" in refusal_of(*pretrain(folder / "run", 1, "--config", folder / "run.yaml"), code=WRONG_USAGE)


def test_an_existing_run_is_not_overwritten(whole_run):
    before = weights_of(whole_run / "model")
    refusal_of(*pretrain(whole_run, 6))
    assert weights_of(whole_run / "model") == before
