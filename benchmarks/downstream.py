#!/usr/bin/env python3
"""Fine-tuning with few labels on the synthetic world, from one command that can be stopped and repeated: what the paper claims in
Tables 3 and 19.

    benchmarks/downstream.py --out runs/downstream --jobs 2                   # hours: all tasks, 1, 5 and 10% of labels, 3 seeds
    benchmarks/downstream.py --out runs/quick --quick                         # minutes on one core: does it run, does the loss fall
    benchmarks/downstream.py --out runs/real --real DATA --model RUN          # real pieces below DATA, through recipes/downstream

Every task is fine-tuned from a pre-trained checkpoint (--model, else one is pre-trained first), from random weights, and against a
U-Net of like size from scratch (python/peers/u_net.py) on the same labelled samples. Then the same pre-trained network with one
date, a series, and several sensors. Results are files in OUT/results; what is done is not done again. docs/downstream.md tells
what came out.
"""

import argparse
import sys

import downstream_real
import downstream_report
import downstream_train
from ablation_jobs import run_stages, settle
from downstream_tasks import runs_of
from finetune_command import finish, parser_of

QUICK = {"seeds": 1, "fractions": [0.1], "steps": 20, "batch": 8, "places": 120, "val_places": 1, "test_places": 24, "size": 16,
         "pretrain_steps": 8, "pretrain_places": 96, "only": ["scene", "scene-ms", "landcover", "change", "crops-ms-date", "crops-ms-series"]}
# The real pieces are small: some hundred samples at most.
REAL = {"seeds": 3, "steps": 200, "batch": 16}
STAGES = ("pretrain", "train", "evaluate", "peers", "report")


def parse() -> argparse.Namespace:
    parser = parser_of(__doc__, STAGES, "these tasks alone", "TASK")
    parser.add_argument("--fractions", type=float, nargs="+", default=[0.01, 0.05, 0.1], help="shares of the labels")
    parser.add_argument("--steps", type=int, default=300, help="of a fine-tuning, and of a U-Net")
    parser.add_argument("--batch", type=int, default=16)
    parser.add_argument("--places", type=int, default=2000, help="that the labels are a share of")
    parser.add_argument("--val-places", type=int, default=1)
    parser.add_argument("--test-places", type=int, default=800, help="of held-out regions")
    parser.add_argument("--size", type=int, default=16, help="side of a place in cells of 10 m")
    parser.add_argument("--hr-per-cell", type=int, default=4, help="HR pixels a cell side: 4 is 2.5 m")
    parser.add_argument("--world", type=int, default=1, help="seed of the world")
    parser.add_argument("--split", choices=("val", "test"), default="test", help="that is measured on; settings are chosen on val")
    if "--real" in sys.argv:
        parser.set_defaults(**REAL)
    elif "--quick" in sys.argv:
        parser.set_defaults(**QUICK)
    return parser.parse_args()


def run(arguments: argparse.Namespace) -> list[str]:
    """All stages that are asked for; what failed."""
    if not all(0 < fraction <= 1 for fraction in arguments.fractions):
        raise ValueError("--fractions are above 0 and at most 1")
    if arguments.real and not arguments.model:
        raise ValueError("--real wants a pre-trained --model")
    if arguments.real:
        return downstream_real.run(arguments)
    runs = runs_of(arguments)
    settle(arguments.out / "settings.json", downstream_train.settings_of(arguments))
    stages = {"pretrain": lambda: downstream_train.pretrain(arguments), "train": lambda: downstream_train.train(runs, arguments),
              "evaluate": lambda: downstream_train.evaluate(runs, arguments), "peers": lambda: downstream_train.peers(runs, arguments)}
    failures = run_stages(stages, arguments.stage)
    if arguments.stage in ("report", "all"):
        downstream_report.report(arguments)
    return failures


if __name__ == "__main__":
    finish(parse(), run, "steps", "batch", "places", "test_places", "size", "hr_per_cell")
