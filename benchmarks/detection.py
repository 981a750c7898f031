#!/usr/bin/env python3
"""Objects of the synthetic world found by horizontal and by oriented boxes, from one command that can be stopped and repeated: what
the paper claims in Table 19 of pre-training, and what oriented boxes are for.

    benchmarks/detection.py --out runs/detection --jobs 2                     # hours: both detectors, 3 seeds
    benchmarks/detection.py --out runs/quick --quick                          # minutes: does it run
    benchmarks/detection.py --out runs/real --real DATA                       # one real image each by heart, another held out

Every detector is fine-tuned from a pre-trained checkpoint (--model, else one is pre-trained first) and from random weights.
Horizontal boxes are measured by their own overlap and by that of the turned objects. Results are files in OUT/results; what is done
is not done again. docs/detection.md tells what came out.
"""

import argparse
import os
import pathlib
import sys

import ablation_train
import detection_report
import detection_train
import downstream_train
from ablation_jobs import run_stages
from ablations import commit

ROOT = pathlib.Path(__file__).resolve().parent.parent
QUICK = {"seeds": 1, "steps": 30, "batch": 2, "places": 24, "test_places": 8, "size": 8, "channels": 32, "pretrain_steps": 10,
         "pretrain_places": 32}
STAGES = ("pretrain", "train", "evaluate", "report")


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of everything that comes out")
    parser.add_argument("--model", type=pathlib.Path, help="pre-trained run or checkpoint; without it one is trained first")
    parser.add_argument("--stage", choices=(*STAGES, "all"), default="all")
    parser.add_argument("--only", nargs="+", metavar="PIECE", help="of --real: isaid, dota, ships, trees, or one kind of boxes: isaid.oriented")
    parser.add_argument("--real", type=pathlib.Path, metavar="DATA", help="the real pieces of this folder in place of Synthetic Earth")
    parser.add_argument("--quick", action="store_true", help="small sizes and one seed; other options over them")
    parser.add_argument("--preset", choices=("nano", "tiny"), default="nano")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--steps", type=int, default=600, help="of a fine-tuning")
    parser.add_argument("--batch", type=int, default=2)
    parser.add_argument("--places", type=int, default=600, help="to learn from")
    parser.add_argument("--test-places", type=int, default=150, help="of held-out regions")
    parser.add_argument("--size", type=int, default=12, help="side of a place in cells of 10 m")
    parser.add_argument("--hr-per-cell", type=int, default=32, help="HR pixels a cell side: 32 is 0.31 m")
    parser.add_argument("--channels", type=int, default=64, help="of the feature pyramid; the head is four times as wide")
    parser.add_argument("--world", type=int, default=1, help="seed of the world that pre-training sees")
    parser.add_argument("--pretrain-steps", type=int, default=600)
    parser.add_argument("--pretrain-places", type=int, default=8192)
    parser.add_argument("--settings", type=pathlib.Path, default=ROOT / "recipes/short-runs.yaml", help="config of pre-training")
    parser.add_argument("--jobs", type=int, default=1, help="programs at once, of one thread each")
    parser.add_argument("--device", default="cpu", help="of fine-tuning: cpu, cuda or cuda:N")
    parser.add_argument("--keep-runs", action="store_true", help="keep the fine-tuned checkpoints")
    parser.add_argument("--program", default=str(ROOT / "build/release/skysense"))
    parser.add_argument("--commit", default=commit(), help="what the results were made with, where this is no checkout")
    if "--quick" in sys.argv:
        parser.set_defaults(**QUICK)
    return parser.parse_args()


def check(arguments: argparse.Namespace) -> None:
    for name in ("seeds", "steps", "batch", "places", "test_places", "size", "hr_per_cell", "channels", "jobs"):
        if getattr(arguments, name) < 1:
            raise ValueError(f"--{name.replace('_', '-')} is at least 1")
    if not os.access(arguments.program, os.X_OK):
        raise ValueError(f"--program {arguments.program}: no such program; build it, or name another")


def run(arguments: argparse.Namespace) -> list[str]:
    """All stages that are asked for; what failed."""
    if arguments.real:
        import detection_real  # it alone wants numpy and Pillow, which set-up puts into .venv

        return detection_real.run(arguments)
    detection_train.settle(arguments)
    runs = detection_train.runs_of(arguments)
    stages = {"pretrain": lambda: downstream_train.pretrain(arguments), "train": lambda: detection_train.train(runs, arguments),
              "evaluate": lambda: detection_train.evaluate(runs, arguments)}
    failures = run_stages(stages, arguments.stage)
    if arguments.stage in ("report", "all"):
        detection_report.report(arguments)
    return failures


def main() -> None:
    arguments = parse()
    try:
        check(arguments)
        arguments.version = ablation_train.program_version(arguments.program)
        arguments.out.mkdir(parents=True, exist_ok=True)
        failures = run(arguments)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")
    if failures:
        sys.exit(f"error: {len(failures)} pieces failed, as said above; the same command does what is missing")


if __name__ == "__main__":
    main()
