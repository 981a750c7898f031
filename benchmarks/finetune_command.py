"""What downstream.py and detection.py have in common as commands: options, refusals, and how they end. Standard library only."""

import argparse
import os
import pathlib
import sys
from collections.abc import Callable

import ablation_train
from ablations import commit

ROOT = pathlib.Path(__file__).resolve().parent.parent


def parser_of(description: str, stages: tuple[str, ...], only: str, only_metavar: str) -> argparse.ArgumentParser:
    """The options that both have; each adds its own sizes."""
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of everything that comes out")
    parser.add_argument("--model", type=pathlib.Path, help="pre-trained run or checkpoint; without it one is trained first")
    parser.add_argument("--stage", choices=(*stages, "all"), default="all")
    parser.add_argument("--only", nargs="+", metavar=only_metavar, help=only)
    parser.add_argument("--real", type=pathlib.Path, metavar="DATA", help="the real pieces of this folder in place of Synthetic Earth")
    parser.add_argument("--quick", action="store_true", help="small sizes and one seed on Synthetic Earth; other options over them")
    parser.add_argument("--preset", choices=("nano", "tiny"), default="nano")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--pretrain-steps", type=int, default=1500)
    parser.add_argument("--pretrain-places", type=int, default=8192)
    parser.add_argument("--pretrain-size", type=int, default=16, help="side of its places in cells of 10 m")
    parser.add_argument("--pretrain-hr-per-cell", type=int, help="HR pixels a cell side of its places; the tasks' where it is not said")
    parser.add_argument("--settings", type=pathlib.Path, default=ROOT / "recipes/short-runs.yaml", help="config of pre-training")
    parser.add_argument("--jobs", type=int, default=1, help="programs at once, of one thread each")
    parser.add_argument("--device", default="cpu", help="of pre-training and fine-tuning: cpu, cuda or cuda:N")
    parser.add_argument("--set", nargs="+", default=[], metavar="KEY=VALUE", help="of all fine-tunings, over what this command sets: "
                        "dtype=float32 on a processor without bfloat16 instructions")
    parser.add_argument("--keep-runs", action="store_true", help="keep the fine-tuned checkpoints")
    parser.add_argument("--program", default=str(ROOT / "build/release/skysense"))
    parser.add_argument("--commit", default=commit(), help="what the results were made with, where this is no checkout")
    return parser


def check(arguments: argparse.Namespace, *counts: str) -> None:
    """Raises ValueError for sizes below 1 and a program that is not there."""
    for name in ("seeds", "jobs", *counts):
        if getattr(arguments, name) < 1:
            raise ValueError(f"--{name.replace('_', '-')} is at least 1")
    if not os.access(arguments.program, os.X_OK):
        raise ValueError(f"--program {arguments.program}: no such program; build it, or name another")


def finish(arguments: argparse.Namespace, run: Callable[[argparse.Namespace], list[str]], *counts: str) -> None:
    """Runs it, and ends the program with what failed; `counts` are options that are at least 1."""
    try:
        check(arguments, *counts)
        arguments.out = arguments.out.resolve()  # some jobs run in another folder
        arguments.version = ablation_train.program_version(arguments.program)
        arguments.out.mkdir(parents=True, exist_ok=True)
        failures = run(arguments)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")
    if failures:
        sys.exit(f"error: {len(failures)} pieces failed, as said above; the same command does what is missing")
