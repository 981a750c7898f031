"""Stage train: every variant and seed as a run of `skysense pretrain`, resumed where it was stopped. Standard library only."""

import argparse
import hashlib
import json
import pathlib
import shutil
import subprocess

from ablation_jobs import Job, read_json, run_jobs, write_json
from ablation_models import keep_model
from ablation_variants import Variant

# Enough to lose little when a run is killed.
LEAST_CHECKPOINTS = 4


def key_of(variant: Variant, seed: int) -> str:
    return f"{variant.name}-s{seed}"


def steps_of(variant: Variant, arguments: argparse.Namespace) -> int:
    return arguments.steps if variant.trained else 0


def program_version(program: str) -> str:
    return subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout.strip()


def fingerprint(variant: Variant, seed: int, arguments: argparse.Namespace) -> dict:
    """What a result depends on. Results of other settings are not mixed with these."""
    texts = [file.read_text() for file in [*arguments.settings, *variant.files()]]
    return {
        "preset": arguments.preset,
        "steps": steps_of(variant, arguments),
        "seed": seed,
        "places": arguments.places,
        "size": arguments.size,
        "hr_per_cell": arguments.hr_per_cell,
        "settings": [str(file.name) for file in arguments.settings],
        "recipes": list(variant.recipes),
        "values": hashlib.sha256("\n".join(texts).encode()).hexdigest()[:16],
    }


def command_of(variant: Variant, seed: int, run: pathlib.Path, arguments: argparse.Namespace) -> list[str]:
    """The seed is the training's and the world's: each seed is a repetition from the ground up."""
    steps = steps_of(variant, arguments)
    kept = max(arguments.checkpoints, 1)
    every = max(1, steps // max(kept, LEAST_CHECKPOINTS))
    values = {"seed": seed, "train.steps": steps, "train.checkpoint_every": every, "device": arguments.device,
              "views.hr_per_cell": arguments.hr_per_cell,
              "threads": 1, "checkpoints.keep": max(kept, LEAST_CHECKPOINTS)}
    command = [arguments.program, "pretrain", "--preset", arguments.preset, "--data", f"synth:{arguments.places},size={arguments.size}",
               "-o", str(run)]
    for file in [*arguments.settings, *variant.files()]:
        command += ["--config", str(file)]
    for key, value in values.items():
        command += ["--set", f"{key}={value}"]
    return command + (["--resume"] if (run / "checkpoints").is_dir() else [])


def last_logged(run: pathlib.Path) -> dict:
    """The last whole line of the run's log; a run without a step has none."""
    log = run / "log.jsonl"
    lines = log.read_text().splitlines() if log.exists() else []
    for line in reversed(lines):
        if line.endswith("}"):
            return json.loads(line)
    return {"step": 0, "loss": None, "samples_per_second": None}


def checkpoint_steps(run: pathlib.Path) -> list[int]:
    return sorted(int(path.name.removeprefix("step-")) for path in (run / "checkpoints").glob("step-*"))


def chosen_steps(steps: list[int], count: int) -> list[int]:
    """The last checkpoint and earlier ones, `count` in all, evenly spaced over the run."""
    last = steps[-1]
    wanted = [last * (i + 1) / count for i in range(count)]
    return sorted({min(steps, key=lambda step: abs(step - target)) for target in wanted} | {last})


def keep(run: pathlib.Path, out: pathlib.Path, key: str, arguments: argparse.Namespace, settings: dict) -> None:
    steps = chosen_steps(checkpoint_steps(run), arguments.checkpoints)
    for step in steps:
        keep_model(run / "checkpoints" / f"step-{step}", out / "models" / key / f"step-{step}", arguments.keep_as)
    last = last_logged(run)
    write_json(out / "train" / f"{key}.json", {
        "variant": key.rsplit("-s", 1)[0], "seed": settings["seed"], "fingerprint": settings, "kept_steps": steps,
        "commit": arguments.commit, "program": arguments.version, "device": arguments.device,
        "loss": last["loss"], "samples_per_second": last["samples_per_second"]})
    shutil.rmtree(run / "checkpoints")
    (run / "model").unlink(missing_ok=True)


def train(runs: list[tuple[Variant, int]], arguments: argparse.Namespace) -> list[str]:
    """Trains what has no result yet; returns what failed."""
    jobs = []
    for variant, seed in runs:
        key, settings = key_of(variant, seed), fingerprint(variant, seed, arguments)
        done = read_json(arguments.out / "train" / f"{key}.json")
        if done:
            if done["fingerprint"] != settings:
                changed = sorted(name for name in settings if done["fingerprint"].get(name) != settings[name])
                raise ValueError(f"{arguments.out / 'train' / key}.json: was trained with another {', '.join(changed)}; name another --out, or remove it")
            continue
        run = arguments.out / "runs" / key
        jobs.append(Job(
            name=key, command=command_of(variant, seed, run, arguments), log=arguments.out / "logs" / f"train-{key}.log",
            work=max(settings["steps"], 1), progress=lambda run=run: last_logged(run)["step"],
            finish=lambda result, run=run, key=key, settings=settings: keep(run, arguments.out, key, arguments, settings)))
    return run_jobs("training", jobs, arguments.jobs)
