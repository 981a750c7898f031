"""Training by several processes: the same run as one process makes, whatever happens to the others."""

import json
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time

import numpy
import pytest
from conftest import DONE, FAILED, PROGRAM, refusal_of, result_of
from PIL import Image
from safetensors.numpy import load_file

STEPS = 10
SETTINGS = ["--preset", "nano", "--data", "synth:12", "--set", "train.batch_size=4", "--set", "train.warmup_steps=1", "--set", "train.log_every=1",
            "--set", "views.global_cells=8", "--set", "views.local_cells=4", "--set", "views.local_views=2", "--set", "threads=1",
            "--set", "distributed.timeout_s=60", "--set", "model.moe.experts=2", "--set", "checkpoints.keep=100"]


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def start(count, *arguments, prefix=("RANK", "WORLD_SIZE", "LOCAL_RANK"), ranks=None):
    """The processes of one run, as a launcher starts them."""
    port = free_port()
    processes = []
    for rank in range(count) if ranks is None else ranks:
        launched = dict(zip(prefix, (str(rank), str(count), str(rank)))) | {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port)}
        words = [PROGRAM, *map(str, arguments)]
        processes.append(subprocess.Popen(words, env=os.environ | launched, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True))
    return processes


def finish(processes, seconds=600):
    """What each of them printed; all must succeed, and the first alone says anything on stdout."""
    done = [process.communicate(timeout=seconds) for process in processes]
    for process, (_, errors) in zip(processes, done):
        assert process.returncode == DONE, errors
    assert [bool(output) for output, _ in done] == [True] + [False] * (len(done) - 1)
    return json.loads(done[0][0])


def pretrain(folder, *more, steps=STEPS):
    return ["pretrain", *SETTINGS, "--set", f"train.steps={steps}", "-o", folder, *more]


def log_of(folder):
    return [json.loads(line) for line in (folder / "log.jsonl").read_text().splitlines()]


def optimizer_of(checkpoint):
    tensors = {}
    for file in sorted(checkpoint.glob("optimizer*.safetensors")):
        tensors |= load_file(file)
    return tensors


def flat(tensors, names):
    return numpy.concatenate([tensors[name].ravel().astype(numpy.float64) for name in names])


def distance(found, expected):
    """Relative L2."""
    return numpy.linalg.norm(found - expected) / numpy.linalg.norm(expected)


def gradients_of(run):
    """Those of the first step, up to a factor: the first moments after it."""
    moments = optimizer_of(run / "checkpoints" / "step-1")
    names = sorted(name for name in moments if name.endswith(".exp_avg"))
    return flat(moments, names)


def change_of(run, first=0, last=STEPS):
    """By how much the parameters moved."""
    before, after = (load_file(run / "checkpoints" / f"step-{step}" / "student.safetensors") for step in (first, last))
    return flat(after, sorted(after)) - flat(before, sorted(after))


@pytest.fixture(scope="module", params=[1, 2], ids=["one micro-batch", "two micro-batches"])
def runs(request, tmp_path_factory):
    """The same run by one process and by two."""
    folder = tmp_path_factory.mktemp("runs")
    settings = ["--set", f"train.accumulate={request.param}", "--set", "train.checkpoint_every=1"]
    result_of(*pretrain(folder / "one", *settings))
    finish(start(2, *pretrain(folder / "two", *settings)))
    return folder / "one", folder / "two"


def test_two_processes_find_the_losses_of_one(runs):
    one, two = map(log_of, runs)
    assert len(one) == len(two) == STEPS
    for name, value in one[0].items():
        if "per_second" in name or "share" in name or name.startswith(("entropy.", "kl.", "experts.")):
            continue  # these are of the clock, or of the first process alone
        assert two[0][name] == pytest.approx(value, rel=1e-5, abs=1e-7), name
    assert two[-1]["loss"] == pytest.approx(one[-1]["loss"], rel=1e-2)


def test_two_processes_find_the_gradients_of_one(runs):
    one, two = map(gradients_of, runs)
    assert distance(two, one) <= 1e-5


def test_two_processes_move_the_parameters_as_one(runs):
    one, two = map(change_of, runs)
    assert distance(two, one) <= 1e-2


def test_two_processes_learn_the_prototypes_and_centres_of_one(runs):
    for file, tolerance in ("teacher.safetensors", 1e-4), ("extra.safetensors", 1e-3):
        one, two = (load_file(run / "checkpoints" / f"step-{STEPS}" / file) for run in runs)
        assert sorted(one) == sorted(two)
        names = [name for name in sorted(one) if "prototypes" in name or name.startswith("centres")]
        assert names
        assert distance(flat(two, names), flat(one, names)) <= tolerance


def test_the_optimizer_state_is_shared_out(runs):
    one, two = (run / "checkpoints" / f"step-{STEPS}" for run in runs)
    shares = sorted(two.glob("optimizer-rank-*.safetensors"))
    assert [share.name for share in shares] == ["optimizer-rank-00000.safetensors", "optimizer-rank-00001.safetensors"]
    sizes = [share.stat().st_size for share in shares]
    assert max(sizes) < 0.6 * (one / "optimizer.safetensors").stat().st_size
    assert sorted(optimizer_of(two)) == sorted(load_file(one / "optimizer.safetensors"))


def test_any_number_of_processes_continues_what_any_number_began(runs, folder):
    """Two processes, then one, then two again, on the stream that one process follows."""
    whole, begun_by_two = runs
    accumulate = next(line.split()[1] for line in (whole / "config.yaml").read_text().splitlines() if "accumulate:" in line)
    settings = ["--set", f"train.accumulate={accumulate}", "--set", "train.checkpoint_every=3", "--resume"]

    def continued_from(checkpoint, name):
        run = folder / name
        shutil.copytree(checkpoint, run / "checkpoints" / checkpoint.name)
        return run

    by_one = continued_from(begun_by_two / "checkpoints" / "step-4", "by-one")
    result_of(*pretrain(by_one, *settings))
    by_two = continued_from(by_one / "checkpoints" / "step-6", "by-two")
    finish(start(2, *pretrain(by_two, *settings)))
    shutil.copytree(whole / "checkpoints" / "step-0", by_two / "checkpoints" / "step-0")
    assert distance(change_of(by_two), change_of(whole)) <= 1e-2


def test_mpirun_and_torchrun_are_understood(folder):
    names = ("OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_RANK")
    assert finish(start(2, *pretrain(folder / "mpirun", steps=1), prefix=names))["steps"] == 1
    torchrun = pathlib.Path(sys.executable).parent / "torchrun"
    command = [torchrun, "--no-python", "--nproc-per-node", "2", "--master-port", str(free_port()), PROGRAM, *pretrain(folder / "torchrun", steps=1)]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=600)
    assert done.returncode == DONE, done.stderr
    assert json.loads(done.stdout)["steps"] == 1
    assert log_of(folder / "torchrun")[0]["loss"] == log_of(folder / "mpirun")[0]["loss"]


@pytest.mark.parametrize("present", [0, 1])
def test_a_process_that_never_comes_is_reported(folder, present):
    """Be it one of the others, or the first, at which all meet."""
    begin = time.monotonic()
    (alone,) = start(2, *pretrain(folder / "run", "--set", "distributed.timeout_s=3"), ranks=[present])
    _, errors = alone.communicate(timeout=100)
    assert alone.returncode == FAILED
    assert f"error: rank {present} of 2: not all 2 processes met at 127.0.0.1:" in errors
    assert time.monotonic() - begin < 60


def wait_for_first_step(processes, run):
    log = run / "log.jsonl"
    end = time.monotonic() + 300
    while not log.exists() or not log.read_text():
        assert time.monotonic() < end and processes[0].poll() is None, processes[0].stderr.read()
        time.sleep(0.05)


def test_a_killed_process_stops_the_others_at_once(folder):
    processes = start(2, *pretrain(folder / "run", steps=1000))
    wait_for_first_step(processes, folder / "run")
    processes[1].send_signal(signal.SIGKILL)
    begin = time.monotonic()
    _, errors = processes[0].communicate(timeout=100)
    assert time.monotonic() - begin < 30
    assert processes[0].returncode == FAILED
    assert "error: rank 0 of 2: another process of the run stopped or does not answer" in errors


def test_a_process_that_hangs_is_reported_in_time(folder):
    """It holds its connections and does nothing more."""
    processes = start(2, *pretrain(folder / "run", "--set", "distributed.timeout_s=5", steps=1000))
    wait_for_first_step(processes, folder / "run")
    processes[1].send_signal(signal.SIGSTOP)
    try:
        _, errors = processes[0].communicate(timeout=100)
    finally:
        processes[1].kill()
        processes[1].communicate()
    assert processes[0].returncode == FAILED
    assert "error: rank 0 of 2: another process of the run stopped or does not answer" in errors


def test_a_signal_to_one_process_stops_all_with_a_checkpoint(folder):
    processes = start(2, *pretrain(folder / "run", steps=1000))
    wait_for_first_step(processes, folder / "run")
    processes[1].send_signal(signal.SIGTERM)
    for process in processes:
        _, errors = process.communicate(timeout=100)
        assert process.returncode == 128 + signal.SIGTERM, errors
    stopped_at = log_of(folder / "run")[-1]["step"]
    assert (folder / "run" / "checkpoints" / f"step-{stopped_at}" / "state.json").exists()


def test_a_launcher_that_starts_them_again_continues_the_run(folder):
    """One of two processes is killed; torchrun starts both again, and the run ends as one that nothing befell."""
    settings = ["--set", "train.checkpoint_every=1"]
    finish(start(2, *pretrain(folder / "whole", *settings)))
    torchrun = pathlib.Path(sys.executable).parent / "torchrun"
    command = [torchrun, "--no-python", "--nproc-per-node", "2", "--max-restarts", "1", "--monitor-interval", "0.1", "--master-port", free_port(),
               PROGRAM, *pretrain(folder / "run", *settings)]
    launcher = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    wait_for_first_step([launcher], folder / "run")
    children = pathlib.Path(f"/proc/{launcher.pid}/task/{launcher.pid}/children").read_text().split()
    os.kill(int(children[-1]), signal.SIGKILL)
    output, errors = launcher.communicate(timeout=300)
    assert launcher.returncode == DONE, errors
    assert "after step" in errors  # "continuing RUN after step N"
    assert json.loads(output)["steps"] == STEPS
    assert [line["step"] for line in log_of(folder / "run")] == list(range(1, STEPS + 1))
    assert distance(change_of(folder / "run"), change_of(folder / "whole")) <= 1e-2
    # The same command once more, by hand, is a new run, and its folder is taken.
    assert "holds a run already" in refusal_of(*pretrain(folder / "run", *settings))


def test_a_batch_that_does_not_split_is_refused(folder):
    processes = start(3, *pretrain(folder / "run", "--set", "train.batch_size=4"))
    for process in processes:
        _, errors = process.communicate(timeout=100)
        assert "train.batch_size 4 is no multiple of train.accumulate 1 times the 3 processes" in errors


def test_half_a_launch_is_refused(folder):
    message = refusal_of(*pretrain(folder / "run"), code=2, env=os.environ | {"RANK": "0"})
    assert "WORLD_SIZE" in message


SCENES = """
data: {reader: class-folders, side: 32, val_share: 0.25, options: {train_share: 0.75}}
task: {head: linear, norm: group}
train: {steps: 6, batch_size: 4, lr: 1.0e-3, warmup_steps: 1, log_every: 1, checkpoint_every: 3}
eval: {every: 3}
checkpoints: {keep: 100}
distributed: {timeout_s: 60}
threads: 1
loader: {workers: 1}
"""


def test_two_processes_fine_tune_as_one_and_one_goes_on_from_them(folder):
    random = numpy.random.default_rng(0)
    for place, name in enumerate(("field", "roof")):
        (folder / "data" / name).mkdir(parents=True)
        for number in range(12):
            pixels = random.normal(100, 20, (32, 32, 3)) + 60 * (numpy.arange(3) == place)
            Image.fromarray(pixels.clip(0, 255).astype("uint8")).save(folder / "data" / name / f"{number}.png")
    (folder / "scenes.yaml").write_text(SCENES)
    finetune = lambda run, *more: ["finetune", "--recipe", folder / "scenes.yaml", "--data", folder / "data", "--model", "random:nano",
                                   "-o", folder / run, *more]
    by_one = result_of(*finetune("one"))
    by_two = finish(start(2, *finetune("two")))
    assert by_two["steps"] == by_one["steps"] == 6 and by_two["training_samples"] == by_one["training_samples"]
    one, two = log_of(folder / "one"), log_of(folder / "two")
    assert [line["step"] for line in two] == [line["step"] for line in one] == list(range(1, 7))
    assert [line["step"] for line in two if "val.oa" in line] == [3, 6]
    for name in ("loss", "lr", "gradient_norm"):
        assert two[0][name] == pytest.approx(one[0][name], rel=1e-5), name
    assert two[-1]["loss"] == pytest.approx(one[-1]["loss"], rel=1e-2)
    # One best, one report, and the files of one run but for the shared-out state of the optimiser.
    assert by_two["best"]["metric"] == "oa" and (folder / "two" / "best").resolve().name in ("step-3", "step-6")
    assert "Confusion matrix" in (folder / "two" / "report.html").read_text()
    names = lambda run: sorted(path.name for path in (folder / run).iterdir() if "tfevents" not in path.name)
    assert names("two") == names("one")
    assert len(list((folder / "two").rglob("*tfevents*"))) == len(list((folder / "one").rglob("*tfevents*")))

    shutil.copytree(folder / "two" / "checkpoints" / "step-3", folder / "on" / "checkpoints" / "step-3")
    assert result_of(*finetune("on", "--resume"))["steps"] == 6
    assert distance(change_of(folder / "on", 3, 6), change_of(folder / "one", 3, 6)) <= 1e-2
