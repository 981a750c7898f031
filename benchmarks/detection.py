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
import sys

import detection_report
import detection_train
import downstream_train
from ablation_jobs import run_stages, settle
from finetune_command import finish, parser_of

QUICK = {"seeds": 1, "steps": 30, "batch": 2, "places": 24, "test_places": 8, "size": 8, "channels": 32, "pretrain_steps": 10,
         "pretrain_places": 32}
STAGES = ("pretrain", "train", "evaluate", "report")


def parse() -> argparse.Namespace:
    parser = parser_of(__doc__, STAGES, "of --real: isaid, dota, ships, trees, or one kind of boxes: isaid.oriented", "PIECE")
    parser.add_argument("--steps", type=int, default=2000, help="of a fine-tuning")
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--places", type=int, default=2000, help="to learn from")
    parser.add_argument("--test-places", type=int, default=400, help="of held-out regions")
    parser.add_argument("--size", type=int, default=12, help="side of a place in cells of 10 m")
    parser.add_argument("--hr-per-cell", type=int, default=16, help="HR pixels a cell side: 16 is 0.62 m")
    parser.add_argument("--channels", type=int, default=64, help="of the feature pyramid; the head is four times as wide")
    parser.add_argument("--world", type=int, default=1, help="seed of the world that pre-training sees")
    parser.set_defaults(pretrain_hr_per_cell=4)  # the pre-training of downstream.py: one model for all tasks
    if "--real" in sys.argv:
        parser.set_defaults(steps=400)
    elif "--quick" in sys.argv:
        parser.set_defaults(**QUICK)
    return parser.parse_args()


def run(arguments: argparse.Namespace) -> list[str]:
    """All stages that are asked for; what failed."""
    if arguments.real:
        import detection_real  # it alone wants numpy and Pillow, which set-up puts into .venv

        return detection_real.run(arguments)
    settle(arguments.out / "settings.json", detection_train.settings_of(arguments))
    runs = detection_train.runs_of(arguments)
    stages = {"pretrain": lambda: downstream_train.pretrain(arguments), "train": lambda: detection_train.train(runs, arguments),
              "evaluate": lambda: detection_train.evaluate(runs, arguments)}
    failures = run_stages(stages, arguments.stage)
    if arguments.stage in ("report", "all"):
        detection_report.report(arguments)
    return failures


if __name__ == "__main__":
    finish(parse(), run, "steps", "batch", "places", "test_places", "size", "hr_per_cell", "channels")
