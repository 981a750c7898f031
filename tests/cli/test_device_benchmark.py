"""benchmarks/device.py where there is no GPU: the CPU beside itself says the same to the last bit."""

import json
import pathlib
import subprocess
import sys

from conftest import PROGRAM

ROOT = pathlib.Path(__file__).resolve().parents[2]


def run(out, *more):
    command = [sys.executable, ROOT / "benchmarks" / "device.py", "--out", out, "--program", PROGRAM, *more]
    return subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600)


def test_the_same_device_twice_is_not_apart(folder):
    done = run(folder / "device", "--device", "cpu", "--only", "pretrain", "scene", "oriented", "--dtypes", "float32", "--steps", "2")
    assert done.returncode == 0, done.stderr
    results = {result["name"]: result for result in json.loads(done.stdout)["results"]}
    assert set(results) == {"pretrain", "scene", "oriented"}
    for result in results.values():
        assert len(result["losses"]["cpu"]) == 2 and result["losses"]["cpu"] == result["losses"]["device"] and result["apart"] == 0
    assert results["scene"]["judged_apart"] == results["oriented"]["judged_apart"] == 0


def test_a_device_that_is_not_there_ends_it(folder):
    done = run(folder / "device", "--device", "cuda:99", "--only", "scene", "--dtypes", "float32", "--steps", "1")
    assert done.returncode != 0 and "cuda" in done.stderr
