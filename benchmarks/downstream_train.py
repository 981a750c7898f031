"""Stages pretrain, train and evaluate: programs with their results as files, resumed where they were stopped."""

import argparse
import json
import pathlib
import shutil
import sys

from ablation_jobs import Job, read_json, run_jobs, write_json
from downstream_tasks import INPUTS, PRETRAINED, PRETRAINING, RANDOM, TASKS, U_NET, Run, Task, learning_of, recipe_of

ROOT = pathlib.Path(__file__).resolve().parent.parent
U_NETS_SIZE = {"nano": 3_000_000, "tiny": 12_000_000}


def settings_of(arguments: argparse.Namespace) -> dict:
    """What every result depends on; results of other settings are not mixed with these."""
    names = ("preset", "steps", "batch", "places", "val_places", "test_places", "size", "hr_per_cell", "pretrain_steps", "pretrain_places",
             "pretrain_size", "split", "set")
    learning = {task.name: {network: learning_of(task, network) for network in (PRETRAINED, RANDOM)} for task in (*TASKS, *INPUTS)}
    return {name: getattr(arguments, name) for name in names} | {"learning": learning, "pretraining": PRETRAINING,
                                                                 "model": str(arguments.model) if arguments.model else None}


def settings_words(values: dict) -> list[str]:
    return [f"{key}={str(value).lower() if isinstance(value, bool) else value}" for key, value in values.items()]


def network_settings(task: Task, network: str, seed: int, arguments: argparse.Namespace) -> list[str]:
    """What the recipe leaves to the network, to this machine and to --set, which goes over all."""
    values = {"seed": seed, "data.seed": seed, "threads": 1, "device": arguments.device, "checkpoints.keep": 1}
    settings = settings_words(values | learning_of(task, network)) + arguments.set
    return [word for setting in settings for word in ("--set", setting)]


def last_step(run: pathlib.Path) -> int:
    log = run / "log.jsonl"
    lines = log.read_text().splitlines() if log.exists() else []
    return next((json.loads(line)["step"] for line in reversed(lines) if line.endswith("}")), 0)


def model_of(arguments: argparse.Namespace) -> pathlib.Path:
    return arguments.model or arguments.out / "pretrain"


def pretrain(arguments: argparse.Namespace) -> list[str]:
    """The checkpoint that every pre-trained network starts from, unless one is named."""
    done = arguments.out / "pretrain.json"
    if arguments.model or done.exists():
        return []
    run = arguments.out / "pretrain"
    values = {"seed": arguments.world, "train.steps": arguments.pretrain_steps, "threads": 1, "device": arguments.device, "checkpoints.keep": 1,
              "views.hr_per_cell": arguments.pretrain_hr_per_cell or arguments.hr_per_cell, "views.global_cells": arguments.pretrain_size,
              "views.local_cells": max(4, arguments.pretrain_size // 2), "train.checkpoint_every": max(1, arguments.pretrain_steps // 8)}
    command = [arguments.program, "pretrain", "--preset", arguments.preset, "--data", f"synth:{arguments.pretrain_places},size={arguments.pretrain_size}",
               "-o", str(run), "--config", str(arguments.settings)]
    for setting in settings_words(PRETRAINING | values):
        command += ["--set", setting]
    command += ["--resume"] if (run / "checkpoints").is_dir() else []
    job = Job(name="pretrain", command=command, log=arguments.out / "logs" / "pretrain.log", work=max(arguments.pretrain_steps, 1),
              progress=lambda: last_step(run), finish=lambda result: write_json(done, result))
    return run_jobs("pre-training", [job], 1)


def world_of(arguments: argparse.Namespace) -> str:
    return (f"synth:{arguments.places},val={arguments.val_places},test={arguments.test_places},seed={arguments.world},"
            f"size={arguments.size},hr={arguments.hr_per_cell},ms=6,sar=4")


def result_file(run: Run, arguments: argparse.Namespace) -> pathlib.Path:
    return arguments.out / "results" / f"{run.key}.json"


def recipe_file(task: Task, arguments: argparse.Namespace) -> pathlib.Path:
    """JSON is YAML."""
    file = arguments.out / "recipes" / f"{task.name}.yaml"
    write_json(file, recipe_of(task, arguments.steps, arguments.batch))
    return file


def finetune_job(run: Run, arguments: argparse.Namespace) -> Job:
    folder = arguments.out / "runs" / run.key
    command = [arguments.program, "finetune", "--recipe", str(recipe_file(run.task, arguments)), "--data", world_of(arguments), "-o", str(folder),
               "--model", f"random:{arguments.preset}" if run.network == RANDOM else str(model_of(arguments)), "--fraction", f"{run.fraction:g}"]
    command += network_settings(run.task, run.network, run.seed, arguments)
    command += ["--resume"] if (folder / "checkpoints").is_dir() else []
    return Job(name=run.key, command=command, log=arguments.out / "logs" / f"{run.key}.log", work=arguments.steps,
               progress=lambda: last_step(folder), finish=lambda result: write_json(folder / "finetune.json", result))


def train(runs: list[Run], arguments: argparse.Namespace) -> list[str]:
    missing = [run for run in runs if run.network != U_NET and not result_file(run, arguments).exists()
               and not (arguments.out / "runs" / run.key / "finetune.json").exists()]
    return run_jobs("fine-tuning", [finetune_job(run, arguments) for run in missing], arguments.jobs)


def metrics_of(result: dict) -> dict[str, float]:
    """Of a U-Net, or of `skysense evaluate`, whose result holds them side by side."""
    return result["metrics"] if "metrics" in result else {name: value for name, value in result.items() if isinstance(value, float)}


def drop_checkpoints(run: pathlib.Path) -> None:
    for part in ("checkpoints", "model", "best"):
        target = run / part
        if target.is_symlink():
            target.unlink()
        elif target.is_dir():
            shutil.rmtree(target)


def keep_result(run: Run, result: dict, arguments: argparse.Namespace) -> None:
    """The metrics, and no checkpoint: a hundred of them fill a disk."""
    folder = arguments.out / "runs" / run.key
    trained, metrics = read_json(folder / "finetune.json") or {}, metrics_of(result)
    write_json(result_file(run, arguments), {
        "task": run.task.name, "network": run.network, "fraction": run.fraction, "seed": run.seed, "metric": run.task.metric,
        "value": metrics[run.task.metric], "metrics": metrics, "steps": arguments.steps,
        "training_samples": result.get("training_samples", trained.get("training_samples")), "loss": result.get("loss", trained.get("loss")),
        "parameters": result.get("parameters", trained.get("parameters")), "commit": arguments.commit, "program": arguments.version})
    if not arguments.keep_runs:
        drop_checkpoints(folder)


def evaluate(runs: list[Run], arguments: argparse.Namespace) -> list[str]:
    jobs = []
    for run in runs:
        if run.network == U_NET or result_file(run, arguments).exists():
            continue
        folder = arguments.out / "runs" / run.key
        if not (folder / "finetune.json").exists():
            continue
        command = [arguments.program, "evaluate", "--model", str(folder), "--data", world_of(arguments), "--split", arguments.split,
                   "--set", "threads=1", "--set", f"device={arguments.device}"]
        jobs.append(Job(name=run.key, command=command, log=arguments.out / "logs" / f"{run.key}.evaluate.log", work=1,
                        finish=lambda result, run=run: keep_result(run, result, arguments)))
    return run_jobs("evaluating", jobs, arguments.jobs)


def exported(task: Task, split: str, fraction: float, seed: int, arguments: argparse.Namespace) -> pathlib.Path:
    what = split if split != "train" else f"{100 * fraction:g}pc.s{seed}"
    return arguments.out / "samples" / f"{task.name}.{what}.safetensors"


def export_job(task: Task, split: str, fraction: float, seed: int, arguments: argparse.Namespace) -> Job | None:
    file = exported(task, split, fraction, seed, arguments)
    if file.exists():
        return None
    file.parent.mkdir(parents=True, exist_ok=True)
    (modality,) = task.modalities
    command = [arguments.program, "datasets", "export", task.reader, world_of(arguments), "--split", split, "--modality", modality, "-o", str(file),
               "--cache-mb", "0"]
    if task.reader not in ("places-change", "places-semantic-change"):  # which need both of their flights
        command += [f"--{modality}-images", str(task.dates.get(modality, 1))]
    if split == "train":
        command += ["--fraction", f"{fraction:g}", "--selection-seed", str(seed)]
    return Job(name=file.stem, command=command, log=arguments.out / "logs" / f"export-{file.stem}.log", work=1, finish=lambda result: None)


def peers(runs: list[Run], arguments: argparse.Namespace) -> list[str]:
    """The U-Nets, on the same labelled samples."""
    missing = [run for run in runs if run.network == U_NET and not result_file(run, arguments).exists()]
    wanted = {}  # several networks learn from, or are tested on, the same file
    for run in missing:
        for what in ((run.task, "train", run.fraction, run.seed), (run.task, arguments.split, 1.0, 0)):
            wanted[exported(*what, arguments)] = what
    exports = [export_job(*wanted[file], arguments) for file in sorted(wanted)]
    failures = run_jobs("exporting samples", [job for job in exports if job], arguments.jobs)
    if failures:
        return failures
    jobs = []
    for run in missing:
        command = [sys.executable, "-m", "peers.u_net", "--train", str(exported(run.task, "train", run.fraction, run.seed, arguments)), "--test",
                   str(exported(run.task, arguments.split, 1.0, 0, arguments)), "--modality", run.task.modalities[0], "--steps", str(arguments.steps),
                   "--batch", str(arguments.batch), "--seed", str(run.seed), "--parameters", str(U_NETS_SIZE[arguments.preset])]
        if weights := run.task.settings.get("loss", {}).get("class_weights"):
            command += ["--class-weights", *map(str, weights)]
        jobs.append(Job(name=run.key, command=command, log=arguments.out / "logs" / f"{run.key}.log", work=1,
                        finish=lambda result, run=run: keep_result(run, result, arguments), folder=ROOT / "python"))
    return run_jobs("training U-Nets", jobs, arguments.jobs)
