#!/usr/bin/env python3
"""The same work on the CPU and on a GPU: whether both say the same.

    benchmarks/device.py --out runs/device                      # wants a program with CUDA, and a GPU
    benchmarks/device.py --out runs/device --only pretrain      # for a program without GDAL

Pre-trains nano for a few steps, fine-tunes a network of every kind and judges it, each on both devices from the same weights
on the same samples of Synthetic Earth, in float32 and bfloat16. Prints a table on stderr and one JSON line on stdout, and ends
with an error where the losses are further apart than the type explains. Standard library only.
"""

import argparse
import json
import pathlib
import shutil
import sys

from ablation_jobs import write_json
from downstream_tasks import TASKS, merged, recipe_of
from downstream_train import metrics_of
from programs import ROOT, run

# Of a loss, relative, at any of the steps: float32 differs by the order of sums, bfloat16 by roundings of 2^-8.
TOLERANCE = {"float32": 1e-3, "bfloat16": 3e-2}
# Which proposals a detector learns from hangs on the last digits of their scores: after some steps others are drawn.
DETECTORS_TOLERANCE = {"float32": 1e-2, "bfloat16": 3e-2}
DETECTORS = {"horizontal": "faster-rcnn", "oriented": "oriented-rcnn"}
TIMINGS = ("seconds", "samples_per_second")  # that evaluate tells beside its metrics
OTHERS = ("scene", "landcover", "crops", "change")
WORLD = "synth:16,val=1,test=8,seed=1,size=16,hr=4,ms=4,sar=3"
OBJECTS = WORLD + ",scenes=dense_urban+harbour"


def pretrain_command(arguments: argparse.Namespace) -> list[str]:
    command = ["pretrain", "--preset", "nano", "--data", "synth:64,size=16", "--config", str(ROOT / "recipes/short-runs.yaml")]
    values = {"train.batch_size": 8, "train.steps": arguments.steps, "train.warmup_steps": 1, "train.log_every": 1, "views.hr_per_cell": 4}
    return command + [word for key, value in values.items() for word in ("--set", f"{key}={value}")]


def detector(boxes: str, arguments: argparse.Namespace) -> dict:
    return {"title": f"benchmarks/device.py: {boxes}", "data": {"reader": "places-objects", "modalities": ["hr"], "with_objects": True, "side": 64},
            "task": {"head": DETECTORS[boxes], "geo_context": False},
            "detection": {"channels": 64, "roi_head": {"hidden": 128}, "rpn": {"anchor_sizes": [8, 16, 32, 64, 128], "border_anchors": 1}},
            "train": {"steps": arguments.steps, "batch_size": 4, "lr": 1.0e-4, "warmup_steps": 1, "log_every": 1},
            "eval": {"every": 0}, "loader": {"workers": 1}}


def recipes(arguments: argparse.Namespace) -> dict[str, tuple[dict, str]]:
    """Recipe and data of every fine-tuning."""
    every_step = {"train": {"lr": 1.0e-4, "log_every": 1}}
    found = {task.name: (merged(recipe_of(task, arguments.steps, 4), every_step), WORLD) for task in TASKS if task.name in OTHERS}
    return found | {boxes: (detector(boxes, arguments), OBJECTS) for boxes in DETECTORS}


def losses_of(folder: pathlib.Path) -> list[float]:
    return [json.loads(line)["loss"] for line in (folder / "log.jsonl").read_text().splitlines()]


def apart(first: list[float], second: list[float]) -> float:
    """The largest relative difference."""
    if len(first) != len(second) or not first:
        sys.exit(f"error: {len(first)} figures on the CPU and {len(second)} on the GPU")
    return max(abs(a - b) / max(abs(a), 1e-6) for a, b in zip(first, second))


def on_both(name: str, dtype: str, command: list[str], arguments: argparse.Namespace) -> dict:
    """Runs the training on both devices; what it said of them."""
    losses = []
    for side, device in (("here", "cpu"), ("there", arguments.device)):
        folder = arguments.out / f"{name}.{dtype}.{side}"
        shutil.rmtree(folder, ignore_errors=True)
        run([arguments.program, *command, "-o", str(folder), "--set", f"device={device}", "--set", f"dtype={dtype}"])
        losses.append(losses_of(folder))
    tolerance = (DETECTORS_TOLERANCE if name in DETECTORS else TOLERANCE)[dtype]
    return {"name": name, "dtype": dtype, "tolerance": tolerance, "apart": apart(*losses), "losses": {"cpu": losses[0], "device": losses[1]}}


def judged_on_both(name: str, data: str, arguments: argparse.Namespace) -> float:
    """How far apart the two devices judge the network that the CPU has trained: the largest difference of a metric."""
    here, there = (metrics_of(run([arguments.program, "evaluate", "--model", str(arguments.out / f"{name}.float32.here"), "--data", data,
                                   "--split", "test", "--set", f"device={device}"])) for device in ("cpu", arguments.device))
    return max(abs(here[metric] - there[metric]) for metric in here if metric not in TIMINGS)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the runs; what is there is replaced")
    parser.add_argument("--device", default="cuda")
    parser.add_argument("--only", nargs="+", choices=("pretrain", *OTHERS, *DETECTORS), metavar="WORK",
                        help=", ".join(("pretrain", *OTHERS, *DETECTORS)))
    parser.add_argument("--dtypes", nargs="+", default=["float32", "bfloat16"])
    parser.add_argument("--steps", type=int, default=4)
    parser.add_argument("--program", default=str(ROOT / "build/release/skysense"))
    arguments = parser.parse_args()
    tasks = recipes(arguments)
    wanted = arguments.only or ["pretrain", *tasks]
    results = []
    for name in wanted:
        for dtype in arguments.dtypes:
            if name == "pretrain":
                results.append(on_both(name, dtype, pretrain_command(arguments), arguments))
            else:
                recipe, data = tasks[name]
                file = arguments.out / f"{name}.yaml"
                write_json(file, recipe)
                results.append(on_both(name, dtype, ["finetune", "--recipe", str(file), "--data", data, "--model", "random:nano"], arguments))
                if dtype == "float32":
                    results[-1]["judged_apart"] = judged_on_both(name, data, arguments)
            last = results[-1]
            print(f"{name:12} {dtype:9} losses {last['apart']:.1e} apart" +
                  (f", metrics {last['judged_apart']:.1e}" if "judged_apart" in last else ""), file=sys.stderr)
    print(json.dumps({"device": arguments.device, "results": results}))
    wrong = [f"{result['name']} {result['dtype']}" for result in results if not result["apart"] <= result["tolerance"]]
    if wrong:
        sys.exit(f"error: further apart than the type explains: {', '.join(wrong)}")


if __name__ == "__main__":
    main()
