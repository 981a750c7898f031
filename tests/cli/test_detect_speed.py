"""benchmarks/detect.py: `skysense detect` finds in a scene what torchvision's Faster R-CNN finds in a PyTorch loop."""

import json
import pathlib
import subprocess
import sys

from conftest import PROGRAM

ROOT = pathlib.Path(__file__).resolve().parents[2]


def test_the_program_finds_what_torchvisions_detector_finds():
    command = [sys.executable, ROOT / "benchmarks" / "detect.py", "--program", PROGRAM, "--side", "250",
               "--tile", "192", "--rounds", "1", "--dtypes", "float32"]
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, timeout=600)
    assert done.returncode == 0, done.stderr
    (case,) = json.loads(done.stdout)["cases"]
    assert case["tiles"] == {"skysense": 4, "torchvision": 4}
    assert case["compared"] > 10 and case["agreement"] > 0.95
    assert case["ratio"] > 0 and case["tiles_per_second"].keys() == case["tiles"].keys()
