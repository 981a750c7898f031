"""The event files that a run writes, read by TensorBoard's own reader."""

import os
import pathlib
import subprocess

import pytest
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

ENGINE_TEST = pathlib.Path(os.environ["SKYSENSE_PROGRAM"]).parent / "tests" / "skysense_engine_test"


@pytest.fixture
def run_folder(tmp_path):
    """A run of six steps that was killed and resumed after the third, written by the engine's unit test."""
    subprocess.run(
        [ENGINE_TEST, "--gtest_filter=RunLog.LogsOfAResumedRunForOtherReaders"],
        check=True,
        capture_output=True,
        env={**os.environ, "SKYSENSE_RUN_LOG_FOLDER": str(tmp_path)},
    )
    return tmp_path


def test_tensorboard_reads_the_scalars(run_folder):
    events = EventAccumulator(str(run_folder))
    events.Reload()
    assert set(events.Tags()["scalars"]) == {"loss", "lr"}
    assert [(item.step, item.value) for item in events.Scalars("lr")][0] == (1, pytest.approx(0.001))


def test_steps_after_the_resumed_one_stand_there_once(run_folder):
    events = EventAccumulator(str(run_folder))
    events.Reload()
    losses = [(item.step, item.value) for item in events.Scalars("loss")]
    assert losses == [(1, 1.5), (2, 2.5), (3, 3.5), (4, -4.0), (5, -5.0), (6, -6.0)]
