"""Runs programs side by side, tells how far they are, and keeps what each one said. Standard library only."""

import ctypes
import dataclasses
import json
import os
import pathlib
import signal
import subprocess
import sys
import time
from collections.abc import Callable

NAME = pathlib.Path(sys.argv[0]).stem
POLL_S = 0.2
REPORT_EVERY_S = 15
PR_SET_PDEATHSIG = 1  # linux/prctl.h


@dataclasses.dataclass
class Job:
    """One process and what to do with its line of JSON."""

    name: str
    command: list[str]
    log: pathlib.Path  # its stderr, appended
    work: float  # what it takes, in units that all jobs of a call share (steps, samples)
    finish: Callable[[dict], None]  # given its result
    progress: Callable[[], float] = lambda: 0.0  # how much of `work` is done
    folder: pathlib.Path | None = None  # where it runs


@dataclasses.dataclass
class Running:
    job: Job
    process: subprocess.Popen
    done_before: float  # an earlier call's share of the work


def write_json(file: pathlib.Path, value: dict) -> None:
    """The file appears whole or not at all."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_suffix(".part")
    part.write_text(json.dumps(value, indent=2) + "\n")
    part.replace(file)


def read_json(file: pathlib.Path) -> dict | None:
    return json.loads(file.read_text()) if file.exists() else None


def settle(file: pathlib.Path, wanted: dict) -> None:
    """Settings that all results of a folder share: written with the first. Raises ValueError where the folder has others."""
    known = read_json(file)
    if known and known != wanted:
        changed = sorted(name for name in wanted if known.get(name) != wanted[name])
        raise ValueError(f"{file}: the results so far have another {', '.join(changed)}; name another --out")
    if not known:
        write_json(file, wanted)


def clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {rest:02} s" if minutes else f"{rest} s"


def end_with_the_parent() -> None:
    """A job must not go on, and meet the next call's job in its folder, when this program is killed."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def start(job: Job) -> Running:
    job.log.parent.mkdir(parents=True, exist_ok=True)
    done = job.progress()
    with job.log.open("a") as log:
        process = subprocess.Popen(job.command, stdout=subprocess.PIPE, stderr=log, text=True, preexec_fn=end_with_the_parent, cwd=job.folder,
                                   env=os.environ | {"OMP_NUM_THREADS": "1"})
    return Running(job, process, done)


def last_error(job: Job) -> str:
    lines = [line for line in job.log.read_text().splitlines() if line.strip()]
    return lines[-1] if lines else "no message"


def run_jobs(what: str, jobs: list[Job], at_once: int) -> list[str]:
    """Runs all jobs, `at_once` side by side, in order; what failed, one line each. A signal stops the jobs, which keep what
    they have, and this program."""
    pending, running, failures = list(jobs), [], []
    finished_work, gained, started, reported = 0.0, 0.0, time.monotonic(), time.monotonic()
    total = sum(job.work for job in jobs)

    def report() -> None:
        done = finished_work + sum(item.job.progress() for item in running)
        new = gained + sum(item.job.progress() - item.done_before for item in running)
        left = (total - done) / new * (time.monotonic() - started) if new > 0 else None
        names = ", ".join(item.job.name for item in running)
        print(f"{NAME}: {what}: {len(jobs) - len(pending) - len(running)} of {len(jobs)} done, {100 * done / total:.0f}% of the work"
              f"{f', {clock(left)} left' if left is not None else ''}; running {names}", file=sys.stderr)

    def stop(number: int, frame: object) -> None:
        for item in running:
            item.process.send_signal(signal.SIGTERM)
        for item in running:
            item.process.wait()
        sys.exit(128 + number)

    handlers = {number: signal.signal(number, stop) for number in (signal.SIGINT, signal.SIGTERM)}
    while pending or running:
        while pending and len(running) < at_once:
            running.append(start(pending.pop(0)))
        time.sleep(POLL_S)
        for item in [item for item in running if item.process.poll() is not None]:
            running.remove(item)
            output = item.process.stdout.read()
            finished_work += item.job.work
            gained += item.job.work - item.done_before
            if item.process.returncode == 0:
                item.job.finish(json.loads(output.strip().splitlines()[-1]))
            else:
                failures.append(f"{item.job.name}: {last_error(item.job)} (exit code {item.process.returncode}, {item.job.log})")
                print(f"{NAME}: {failures[-1]}", file=sys.stderr)
        if running and time.monotonic() - reported > REPORT_EVERY_S:
            reported = time.monotonic()
            report()
    for number, handler in handlers.items():
        signal.signal(number, handler)
    return failures


def run_stages(stages: dict[str, Callable[[], list[str]]], wanted: str) -> list[str]:
    """The stage of that name, or all of them in order; what failed."""
    return [failure for name, stage in stages.items() if wanted in (name, "all") for failure in stage()]
