"""What the detection benchmark trains on Synthetic Earth and measures: every run a program with its result as a file."""

import argparse
import dataclasses
import pathlib

from ablation_jobs import Job, read_json, run_jobs, write_json
from downstream_tasks import PRETRAINED, PRETRAINING, RANDOM, merged
from downstream_train import drop_checkpoints, last_step, model_of

HORIZONTAL, ORIENTED = "horizontal", "oriented"
DENSE = "dense"  # judged by turned boxes, in dense scenes
# Scenes with objects, and those of them where objects stand side by side, turned: marinas, container yards, car parks.
SCENES, DENSE_SCENES = "dense_urban+residential+industrial+harbour+airport", "harbour+industrial"
# Chosen on validation places with oriented boxes, one seed (docs/detection.md).
LEARNING = {PRETRAINED: {"train.lr": 1.0e-3, "train.layer_decay": 0.9}, RANDOM: {"train.lr": 1.0e-3, "train.layer_decay": 1.0}}
ANCHORS_M = (3.75, 7.5, 15, 30, 60)  # one a level
HEADS = {HORIZONTAL: "faster-rcnn", ORIENTED: "oriented-rcnn"}
CELL_M = 10
SETTINGS = ("preset", "steps", "batch", "places", "test_places", "size", "hr_per_cell", "channels", "pretrain_steps", "pretrain_places",
            "pretrain_size", "pretrain_hr_per_cell", "set")


@dataclasses.dataclass(frozen=True)
class Run:
    boxes: str  # HORIZONTAL or ORIENTED
    network: str  # PRETRAINED or RANDOM
    seed: int

    @property
    def key(self) -> str:
        return f"{self.boxes}.{self.network}.s{self.seed}"


def runs_of(arguments: argparse.Namespace) -> list[Run]:
    """Seed by seed, so that what is done first compares everything."""
    return [Run(boxes, network, seed) for seed in range(1, arguments.seeds + 1) for boxes in HEADS for network in (PRETRAINED, RANDOM)]


def detector(arguments: argparse.Namespace, sizes: list[float]) -> dict:
    """Sizes that small networks and objects of few pixels go with."""
    return {"channels": arguments.channels, "roi_head": {"hidden": 4 * arguments.channels},
            "rpn": {"anchor_sizes": sizes, "border_anchors": 1, "training_proposals": 1000, "training_proposals_before": 1000}}


def recipe_of(boxes: str, arguments: argparse.Namespace) -> dict:
    steps = arguments.steps
    return {
        "title": f"benchmarks/detection.py: {boxes} boxes",
        "data": {"reader": "places-objects", "modalities": ["hr"], "with_objects": True, "side": arguments.size * arguments.hr_per_cell},
        "task": {"head": HEADS[boxes], "geo_context": False}, "dtype": "bfloat16",
        "detection": merged(detector(arguments, [metres * arguments.hr_per_cell / CELL_M for metres in ANCHORS_M]), {"detections": 500}),
        "train": {"steps": steps, "batch_size": arguments.batch, "schedule": "cosine", "weight_decay": 0.01, "clip_norm": 10.0,
                  "warmup_steps": max(1, steps // 10), "checkpoint_every": max(1, steps // 4)},
        "augment": {"horizontal_flip": 0.5, "vertical_flip": 0.5, "quarter_turn": 0.75},
        "eval": {"every": 0}, "loader": {"workers": 1},
    }


def world_of(run: Run, arguments: argparse.Namespace, scenes: str = SCENES) -> str:
    """Every seed has a world of its own."""
    return (f"synth:{arguments.places},val=1,test={arguments.test_places},seed={run.seed},size={arguments.size},hr={arguments.hr_per_cell},"
            f"scenes={scenes}")


def result_file(run: Run, arguments: argparse.Namespace) -> pathlib.Path:
    return arguments.out / "results" / f"{run.key}.json"


def settings_of(arguments: argparse.Namespace) -> dict:
    """What every result depends on; results of other settings are not mixed with these."""
    return {name: getattr(arguments, name) for name in SETTINGS} | {"learning": LEARNING, "pretraining": PRETRAINING, "model": str(arguments.model) if arguments.model else None}


def finetune_job(run: Run, arguments: argparse.Namespace) -> Job:
    folder, recipe = arguments.out / "runs" / run.key, arguments.out / "recipes" / f"{run.boxes}.yaml"
    write_json(recipe, recipe_of(run.boxes, arguments))  # JSON is YAML
    command = [arguments.program, "finetune", "--recipe", str(recipe), "--data", world_of(run, arguments), "-o", str(folder), "--model",
               f"random:{arguments.preset}" if run.network == RANDOM else str(model_of(arguments))]
    for key, value in ({"seed": run.seed, "threads": 1, "device": arguments.device, "checkpoints.keep": 1} | LEARNING[run.network]).items():
        command += ["--set", f"{key}={value}"]
    command += [word for setting in arguments.set for word in ("--set", setting)]
    command += ["--resume"] if (folder / "checkpoints").is_dir() else []
    return Job(name=run.key, command=command, log=arguments.out / "logs" / f"{run.key}.log", work=arguments.steps,
               progress=lambda: last_step(folder), finish=lambda result: write_json(folder / "finetune.json", result))


def train(runs: list[Run], arguments: argparse.Namespace) -> list[str]:
    missing = [run for run in runs if not result_file(run, arguments).exists()
               and not (arguments.out / "runs" / run.key / "finetune.json").exists()]
    return run_jobs("fine-tuning", [finetune_job(run, arguments) for run in missing], arguments.jobs)


def measures_of(run: Run) -> tuple[str, ...]:
    """Horizontal boxes by their own overlap, and by that of the turned objects; oriented ones have but one."""
    return (HORIZONTAL, ORIENTED, DENSE) if run.boxes == HORIZONTAL else (ORIENTED, DENSE)


def measure_job(run: Run, by: str, arguments: argparse.Namespace) -> Job | None:
    """`by`: the overlap that boxes are judged by, or DENSE."""
    folder = arguments.out / "runs" / run.key
    file = folder / f"by-{by}.json"
    if file.exists() or not (folder / "finetune.json").exists():
        return None
    world = world_of(run, arguments, DENSE_SCENES if by == DENSE else SCENES)
    command = [arguments.program, "evaluate", "--model", str(folder), "--data", world, "--split", "test", "--set", "threads=1", "--set",
               f"device={arguments.device}", "--set", f"eval.oriented={str(by != HORIZONTAL).lower()}", "--report", str(folder / f"by-{by}.html")]
    return Job(name=f"{run.key} by {by}", command=command, log=arguments.out / "logs" / f"{run.key}.evaluate.log", work=1,
               finish=lambda result: write_json(file, result))


def keep_result(run: Run, arguments: argparse.Namespace) -> None:
    """The measures, and no checkpoint."""
    folder = arguments.out / "runs" / run.key
    measured = {by: read_json(folder / f"by-{by}.json") for by in (HORIZONTAL, ORIENTED, DENSE) if (folder / f"by-{by}.json").exists()}
    if set(measured) != set(measures_of(run)):
        return
    trained = read_json(folder / "finetune.json")
    write_json(result_file(run, arguments), {"boxes": run.boxes, "network": run.network, "seed": run.seed, "measured": measured,
                                             "loss": trained["loss"], "steps": arguments.steps, "training_samples": trained["training_samples"],
                                             "commit": arguments.commit, "program": arguments.version})
    if not arguments.keep_runs:
        drop_checkpoints(folder)


def evaluate(runs: list[Run], arguments: argparse.Namespace) -> list[str]:
    missing = [run for run in runs if not result_file(run, arguments).exists()]
    asked = [(run, by) for run in missing for by in measures_of(run)]
    failures = run_jobs("evaluating", [job for run, by in asked if (job := measure_job(run, by, arguments))], arguments.jobs)
    for run in missing:
        keep_result(run, arguments)
    return failures
