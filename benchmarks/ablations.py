#!/usr/bin/env python3
"""The ablations of the paper and of this project on the synthetic world, from one command that can be stopped and repeated.

    benchmarks/ablations.py --out runs/ablations --jobs 2                     # what pre-training must show
    benchmarks/ablations.py --out runs/ablations --real AID                               # and on real images
    benchmarks/ablations.py --out runs/ablations --group paper --checkpoints 4  # the paper's tables, Figure 7

Stage train pre-trains every variant and seed; it needs Python's standard library and a program that need not read rasters,
so that a training node can do it (copy OUT/train and OUT/models back). Stage probe renders labelled places and compares the
models on regions that no training saw; stage report writes OUT/GROUP.md and OUT/GROUP.json. What is done is not done again;
a training that was stopped goes on from its newest checkpoint. docs/ablations.md tells what came out.
"""

import argparse
import os
import pathlib
import subprocess
import sys

import ablation_probe
import ablation_real
import ablation_report
import ablation_train
from ablation_variants import GROUPS, RECIPES, runs_of

ROOT = pathlib.Path(__file__).resolve().parent.parent


def commit() -> str:
    """Of the checkout, with a + where it was changed; a copy without history has none."""
    try:
        name = subprocess.run(["git", "-C", str(ROOT), "describe", "--always", "--dirty=+", "--exclude", "*"], capture_output=True, text=True)
    except FileNotFoundError:
        return "unknown"
    return name.stdout.strip() if name.returncode == 0 else "unknown"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of everything that comes out")
    parser.add_argument("--group", choices=list(GROUPS), default="must-show")
    parser.add_argument("--only", nargs="+", metavar="VARIANT", help="of the group these variants only")
    parser.add_argument("--stage", choices=("train", "probe", "report", "all"), default="all")
    parser.add_argument("--seeds", type=int, default=3, help="of full pre-training, random weights and pixel statistics")
    parser.add_argument("--ablation-seeds", type=int, default=1, help="of every other variant")
    parser.add_argument("--preset", default="nano")
    parser.add_argument("--steps", type=int, default=450)
    parser.add_argument("--settings", type=pathlib.Path, nargs="*", default=[RECIPES / "short-runs.yaml"],
                        help="YAML for every training, before the variant's recipes")
    parser.add_argument("--places", type=int, default=8192, help="training places of a world")
    parser.add_argument("--size", type=int, default=16, help="side of a place in cells of 10 m")
    parser.add_argument("--hr-per-cell", type=int, default=4, help="HR pixels a cell side: 4 is 2.5 m")
    parser.add_argument("--probe-places", type=int, default=1200, help="labelled places that a probe learns from")
    parser.add_argument("--test-places", type=int, default=1200, help="places of held-out regions")
    parser.add_argument("--real", type=pathlib.Path, metavar="FOLDER", help="class folders of real HR images that models are probed on too")
    parser.add_argument("--real-size", type=int, default=160, help="pixels a side that real images are brought to")
    parser.add_argument("--live", action="store_true", help="probes render their places as they need them: for a program without GDAL; dearer")
    parser.add_argument("--checkpoints", type=int, default=1, help="models of a training that are kept and probed, evenly spaced")
    parser.add_argument("--keep-as", choices=("float32", "float16"), default="float32", help="type of the kept weights")
    parser.add_argument("--jobs", type=int, default=1, help="programs at once, of one thread each beside a training's feed")
    parser.add_argument("--device", default="cpu", help="cpu, cuda or cuda:N")
    parser.add_argument("--program", default=str(ROOT / "build/release/skysense"))
    parser.add_argument("--commit", default=commit(), help="what the results were made with, where this is no checkout")
    return parser.parse_args()


def check(arguments: argparse.Namespace) -> None:
    for name in ("seeds", "ablation_seeds", "steps", "places", "size", "hr_per_cell", "probe_places", "test_places", "checkpoints", "jobs", "real_size"):
        if getattr(arguments, name) < 1:
            raise ValueError(f"--{name.replace('_', '-')} is at least 1")
    if arguments.real and not arguments.real.is_dir():
        raise ValueError(f"--real {arguments.real}: no such folder")
    for file in arguments.settings:
        if not file.is_file():
            raise ValueError(f"--settings {file}: no such file")
    if not os.access(arguments.program, os.X_OK):
        raise ValueError(f"--program {arguments.program}: no such program; build it, or name another")


def main() -> None:
    arguments = parse()
    try:
        check(arguments)
        runs = runs_of(arguments.group, arguments.only, arguments.seeds, arguments.ablation_seeds)
        arguments.version = ablation_train.program_version(arguments.program)
        arguments.out.mkdir(parents=True, exist_ok=True)
        failures = []
        if arguments.stage in ("train", "all"):
            failures += ablation_train.train(runs, arguments)
        if arguments.stage in ("probe", "all"):
            failures += ablation_probe.probe(runs, arguments)
            failures += ablation_real.probe_real(runs, arguments) if arguments.real else []
        if arguments.stage in ("report", "all"):
            ablation_report.report(arguments)
    except (ValueError, OSError) as error:
        sys.exit(f"error: {error}")
    if failures:
        sys.exit(f"error: {len(failures)} pieces failed, as said above; the same command does what is missing")


if __name__ == "__main__":
    main()
