#!/usr/bin/env python3
"""Trains for a long while and watches: is the memory flat after the warm-up, and does a resumed run drift from the run?

    benchmarks/soak.py --minutes 20 --out runs/soak

A first short run measures steps a second; a run of --warm-up and --minutes follows, and a second one with the same settings
is stopped by a signal half-way and resumed. The memory is that of the process, every second, after the warm-up, in which all
samples come to be in memory and the gaps of the heap settle: its trend is a line through the medians of ten parts. Passes
where the trend is under --slope per cent an hour or under 16 MiB over those minutes, and the two teachers and optimisers are
the same bytes. Standard library only; prints one JSON line.
"""

import argparse
import hashlib
import json
import os
import pathlib
import shutil
import signal
import statistics
import subprocess
import sys
import time

from ablation_jobs import clock
from programs import ROOT

LEAST_GROWTH_MIB = 16  # what a heap may take in twenty minutes without anybody's fault
PARTS = 10
TRIAL_STEPS = 40  # a few seconds of start-up among them hardly count


def resident_mib(process: int) -> float:
    pages = int(pathlib.Path(f"/proc/{process}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def steps_done(run: pathlib.Path) -> int:
    log = run / "log.jsonl"
    lines = [line for line in log.read_text().splitlines() if line.endswith("}")] if log.exists() else []
    return json.loads(lines[-1])["step"] if lines else 0


class Soak:
    def __init__(self, arguments: argparse.Namespace):
        self.arguments = arguments

    def command(self, run: pathlib.Path, steps: int, resume: bool) -> list[str]:
        a = self.arguments
        values = [f"train.steps={steps}", f"train.batch_size={a.batch}", "train.log_every=1", f"train.checkpoint_every={max(1, steps // 20)}",
                  f"threads={a.threads}", "loader.workers=1", "checkpoints.keep=2", *a.set]
        command = [a.program, "pretrain", "--preset", a.preset, "--data", a.data, "-o", str(run), *(["--resume"] if resume else [])]
        for value in values:
            command += ["--set", value]
        return command

    def train(self, run: pathlib.Path, steps: int, resume: bool = False, stop_at: int | None = None) -> list[tuple[float, float]]:
        """Seconds and MiB of the process, every second. With `stop_at` a signal ends the run after that step."""
        samples, started, told = [], time.monotonic(), time.monotonic()
        with (self.arguments.out / f"{run.name}.log").open("a") as log:
            process = subprocess.Popen(self.command(run, steps, resume), stdout=log, stderr=log)
        while process.poll() is None:
            try:
                samples.append((time.monotonic() - started, resident_mib(process.pid)))
            except (FileNotFoundError, IndexError):
                break
            done = steps_done(run)
            if stop_at is not None and done >= stop_at:
                process.send_signal(signal.SIGTERM)
                stop_at = None
            if time.monotonic() - told > 15 and done > 0:
                told = time.monotonic()
                left = (steps - done) * (told - started) / done
                print(f"soak: {run.name}: step {done} of {steps}, {samples[-1][1]:.0f} MiB, {clock(left)} left", file=sys.stderr)
            time.sleep(1)
        process.wait()
        if process.returncode not in (0, 128 + signal.SIGTERM):
            sys.exit(f"error: {run.name}: exit code {process.returncode}; see {self.arguments.out / run.name}.log")
        return samples


def trend(samples: list[tuple[float, float]]) -> float:
    """MiB a second: the slope of a line through the medians of equal parts."""
    parts = [samples[i * len(samples) // PARTS:(i + 1) * len(samples) // PARTS] for i in range(PARTS)]
    points = [(statistics.median(t for t, _ in part), statistics.median(m for _, m in part)) for part in parts if part]
    return statistics.linear_regression(*zip(*points)).slope


def digest(run: pathlib.Path) -> str:
    """Of everything that training goes on from."""
    found = hashlib.sha256()
    for file in sorted((run / "model").resolve().glob("*.safetensors")):
        found.update(file.name.encode() + file.read_bytes())
    return found.hexdigest()[:16]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the runs; what is there is replaced")
    parser.add_argument("--minutes", type=float, default=20, help="that the memory is watched for")
    parser.add_argument("--warm-up", type=float, default=10, help="minutes before them")
    parser.add_argument("--preset", default="nano")
    parser.add_argument("--data", default="synth:512,size=32")
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--slope", type=float, default=2, help="largest growth of the memory, per cent an hour")
    parser.add_argument("--set", nargs="*", default=[], metavar="KEY=VALUE")
    parser.add_argument("--program", default=str(ROOT / "build/release/skysense"))
    arguments = parser.parse_args()
    for name in ("trial", "run", "resumed"):
        shutil.rmtree(arguments.out / name, ignore_errors=True)
    arguments.out.mkdir(parents=True, exist_ok=True)

    soak = Soak(arguments)
    seconds = [t for t, _ in soak.train(arguments.out / "trial", TRIAL_STEPS)]
    share = arguments.minutes / (arguments.warm_up + arguments.minutes)  # of a run that is watched
    steps = max(20, round(TRIAL_STEPS * 60 * arguments.minutes / share / seconds[-1]))
    samples = soak.train(arguments.out / "run", steps)
    soak.train(arguments.out / "resumed", steps, stop_at=steps // 2)
    soak.train(arguments.out / "resumed", steps, resume=True)

    samples = samples[round((1 - share) * len(samples)):]
    slope, level, lasted = trend(samples), statistics.median(m for _, m in samples), samples[-1][0] - samples[0][0]
    grown = slope * lasted
    flat = grown < LEAST_GROWTH_MIB or 100 * 3600 * slope / level < arguments.slope
    digests = [digest(arguments.out / name) for name in ("run", "resumed")]
    result = {"minutes": round(lasted / 60, 1), "steps": steps, "memory_mib": round(level), "peak_mib": round(max(m for _, m in samples)),
              "growth_mib": round(grown, 1), "growth_percent_an_hour": round(100 * 3600 * slope / level, 2),
              "same_after_resume": digests[0] == digests[1], "passed": flat and digests[0] == digests[1]}
    print(json.dumps(result))
    sys.exit(0 if result["passed"] else 1)


if __name__ == "__main__":
    main()
