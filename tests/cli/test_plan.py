"""skysense plan: what it predicts beside what is measured."""

import pytest
from conftest import WRONG_USAGE, refusal_of, result_of, run

GIB = 1 << 30


def plan(preset, *arguments, device="h200"):
    return result_of("plan", "pretrain", "--preset", preset, "--device", device, "--json", *arguments)


def settings(*assignments):
    return [word for assignment in assignments for word in ("--set", assignment)]


@pytest.mark.parametrize("preset, batch", [("nano", 4), ("nano", 1), ("tiny", 2)])
def test_memory_on_the_cpu_is_within_15_percent_of_what_bench_measures(preset, batch):
    """Peak resident memory of the process. The bench has one batch where a run has those that its loader prepares."""
    ahead = 3
    planned = plan(preset, *settings(f"train.batch_size={batch}", f"loader.ahead={ahead}", "threads=1"), device="cpu")["memory"]
    expected = planned["device_bytes"] - planned["feed_bytes"] * (ahead + 1) / (ahead + 2)
    measured = result_of("bench", "--mode", "pretrain", "--preset", preset, "--batch", batch, "--iterations", 1, "--threads", 1)["peak_memory_mb"] * 2**20
    assert expected == pytest.approx(measured, rel=0.15)


# One NVIDIA H200, bfloat16, 16 places a step: docs/pretraining.md.
CHECKPOINTED = ("model.activation_checkpointing=true", "model.fusion_chunk=2048")
MEASURED = [("base", (), 117, 13.0), ("v2-dense", CHECKPOINTED, 74, 3.0), ("v2", CHECKPOINTED, 86, 3.1)]


@pytest.mark.parametrize("preset, assignments, gib, samples_per_second", MEASURED)
def test_a_gpu_needs_what_was_measured(preset, assignments, gib, samples_per_second):
    planned = plan(preset, *settings("dtype=bfloat16", "train.batch_size=16", *assignments))
    assert planned["memory"]["device_bytes"] / GIB == pytest.approx(gib, rel=0.15)
    assert planned["step"]["samples_per_second"] == pytest.approx(samples_per_second, rel=0.15)


def test_parameters_are_those_of_info():
    planned, info = plan("v2", "--force", *settings("train.batch_size=16")), result_of("info", "--preset", "v2", "--paper")
    assert planned["parameters"] + planned["prototypes"] == info["total"]["parameters"]


def test_disk_is_what_a_run_leaves(folder):
    steps = settings("train.steps=2", "train.checkpoint_every=1", "train.batch_size=2", "train.log_every=1", "checkpoints.keep=1")
    result_of("pretrain", "--preset", "nano", "--data", "synth:4", "-o", folder / "run", *steps)
    planned = plan("nano", *steps)["disk"]
    written = sum(file.stat().st_size for file in (folder / "run" / "checkpoints").glob("*/*"))
    assert planned["checkpoint_bytes"] == pytest.approx(written, rel=0.02)
    assert planned["checkpoints"] == 2  # the next is written before the last goes
    logs = sum(file.stat().st_size for file in (folder / "run").iterdir() if file.name == "log.jsonl" or "tfevents" in file.name)
    assert planned["log_bytes"] == pytest.approx(logs, rel=0.5)


def test_several_devices_share_the_batch_and_the_optimiser():
    common = settings("dtype=bfloat16", "train.batch_size=32")
    one, four = plan("base", "--force", *common), plan("base", "--world-size", 4, *common)
    assert four["places_at_once"] == 8 and one["places_at_once"] == 32
    assert four["memory"]["held"]["optimizer"] == one["memory"]["held"]["optimizer"] / 4
    assert four["memory"]["device_bytes"] < one["memory"]["device_bytes"]
    assert four["step"]["flops"] == pytest.approx(one["step"]["flops"], rel=1e-9)
    assert one["step"]["seconds"] / 4 < four["step"]["seconds"] < one["step"]["seconds"] / 2.5  # operators start as often


def test_time_and_cost_follow_the_steps():
    short = plan("base", "--steps", 100, "--price", 3, *settings("train.batch_size=8"))
    long = plan("base", "--steps", 200, "--price", 3, "--world-size", 2, *settings("train.batch_size=16"))
    assert long["run"]["seconds"] == pytest.approx(2 * short["run"]["seconds"], rel=1e-9)
    assert long["run"]["device_hours"] == pytest.approx(4 * short["run"]["device_hours"], rel=1e-9)
    assert short["run"]["cost"] == pytest.approx(3 * short["run"]["device_hours"])
    assert "cost" not in plan("base", *settings("train.batch_size=8"))["run"]


def test_checkpointing_and_accumulation_trade_memory_for_time():
    plain = plan("base", *settings("train.batch_size=16", "dtype=bfloat16"))
    checkpointed = plan("base", *settings("train.batch_size=16", "dtype=bfloat16", *CHECKPOINTED))
    accumulated = plan("base", *settings("train.batch_size=16", "dtype=bfloat16", "train.accumulate=4"))
    assert checkpointed["memory"]["device_bytes"] < 0.6 * plain["memory"]["device_bytes"]
    assert checkpointed["step"]["seconds"] > plain["step"]["seconds"]
    assert accumulated["memory"]["kept_activations_bytes"] == pytest.approx(plain["memory"]["kept_activations_bytes"] / 4, rel=0.05)


def test_a_run_that_does_not_fit_is_refused_with_a_way_out():
    arguments = ["plan", "pretrain", "--preset", "base", "--device", "rtx4090", *settings("dtype=bfloat16", "train.batch_size=64")]
    message = refusal_of(*arguments)
    assert "GiB" in message and "rtx4090" in message and "train.accumulate" in message
    forced = run(*arguments, "--force")
    assert forced.returncode == 0 and message in forced.stderr and '"fits":false' in forced.stdout
    way_out = message[message.index("--set") :].split(" it would")[0].split()
    assert result_of(*arguments, *way_out)["memory"]["fits"]


def test_the_table_is_human_text_and_json_silences_it():
    arguments = ["plan", "pretrain", "--preset", "nano", "--device", "h100", *settings("train.batch_size=8")]
    assert "memory of each device" in run(*arguments).stderr
    assert run(*arguments, "--json").stderr == ""


@pytest.mark.parametrize("arguments, word", [
    (["--device", "h20"], "'h200'"),
    (["--preset", "nanno"], "nano"),
    (["--set", "train.step=3"], "train.steps"),
    (["--world-size", "3", "--set", "train.batch_size=8"], "train.batch_size 8"),
    (["--price", "-1"], "--price"),
])
def test_wrong_usage_is_refused(arguments, word):
    assert word in refusal_of("plan", "pretrain", *arguments, code=WRONG_USAGE)
