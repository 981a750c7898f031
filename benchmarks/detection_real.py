"""One real image learnt by heart, the proof that labels, network, losses and metrics fit together, and a held-out one as it is."""

import argparse

from ablation_jobs import Job, read_json, run_jobs, write_json
from detection_pieces import PIECES, write_piece
from detection_train import HEADS, ORIENTED, detector
from downstream_tasks import merged
from downstream_train import last_step

LEARNT = 0.95  # map50 of the image itself
SPLITS = ("train", "test")


def recipe_of(boxes: str, arguments: argparse.Namespace) -> dict:
    steps = arguments.steps
    return {
        "title": f"benchmarks/detection.py: one image by heart, {boxes} boxes",
        "data": {"reader": "coco", "options": {"boxes": "oriented" if boxes == ORIENTED else "upright"}, "val_split": "none"},
        "task": {"head": HEADS[boxes], "geo_context": False, "norm": "group"},
        "detection": merged(detector(arguments, [8, 16, 32, 64, 128]), {"detections": 2000, "rpn": {"proposals": 2000}}),
        "train": {"steps": steps, "batch_size": 1, "lr": 1.0e-3, "schedule": "cosine", "weight_decay": 0.01, "clip_norm": 10.0,
                  "warmup_steps": max(1, steps // 20), "checkpoint_every": max(1, steps // 4)},
        "augment": {"horizontal_flip": 0, "vertical_flip": 0, "random_crop": False},
        "eval": {"every": 0}, "loader": {"workers": 1},
    }


def jobs_of(name: str, boxes: str, arguments: argparse.Namespace) -> Job | None:
    folder, data = arguments.out / "runs" / f"{name}.{boxes}", arguments.out / "pieces" / name
    if (folder / "finetune.json").exists():
        return None
    if not (data / "test.json").exists():
        write_piece(name, arguments.real.resolve(), data)
    recipe = arguments.out / "recipes" / f"{boxes}.yaml"
    write_json(recipe, recipe_of(boxes, arguments))
    command = [arguments.program, "finetune", "--recipe", str(recipe), "--data", str(data), "-o", str(folder), "--model",
               str(arguments.model) if arguments.model else f"random:{arguments.preset}"]
    for key, value in {"seed": 1, "threads": 1, "device": arguments.device, "checkpoints.keep": 1}.items():
        command += ["--set", f"{key}={value}"]
    command += [word for setting in arguments.set for word in ("--set", setting)]
    command += ["--resume"] if (folder / "checkpoints").is_dir() else []
    return Job(name=folder.name, command=command, log=arguments.out / "logs" / f"{folder.name}.log", work=arguments.steps,
               progress=lambda: last_step(folder), finish=lambda result: write_json(folder / "finetune.json", result))


def measure_job(name: str, boxes: str, split: str, arguments: argparse.Namespace) -> Job | None:
    folder = arguments.out / "runs" / f"{name}.{boxes}"
    file = arguments.out / "results" / f"{name}.{boxes}.{split}.json"
    if file.exists() or not (folder / "finetune.json").exists():
        return None
    command = [arguments.program, "evaluate", "--model", str(folder), "--data", str(arguments.out / "pieces" / name), "--split", split, "--set", "threads=1",
               "--set", f"device={arguments.device}", "--report", str(folder / f"{split}.html")]
    return Job(name=f"{folder.name} {split}", command=command, log=arguments.out / "logs" / f"{folder.name}.{split}.log", work=1,
               finish=lambda result: write_json(file, result))


def report(pairs: list[tuple[str, str]], arguments: argparse.Namespace) -> list[str]:
    """Writes OUT/real.md; the images that were not learnt."""
    lines = [f"## One real image by heart\n\nPreset `{arguments.preset}`, "
             f"{'from ' + arguments.model.name if arguments.model else 'random weights'}, commit {arguments.commit}. Percent. The held-out image tells "
             "what one image teaches, which is little.\n",
             "| image | boxes | steps | objects | AP50 | AP75 | mAP | held out: objects | AP50 |", "|---|---|---|---|---|---|---|---|---|"]
    missed = []
    for name, boxes in pairs:
        found = [read_json(arguments.out / "results" / f"{name}.{boxes}.{split}.json") for split in SPLITS]
        if None in found:
            continue
        own, held = found
        steps = read_json(arguments.out / "runs" / f"{name}.{boxes}" / "finetune.json")["steps"]
        objects = [sum(row["objects"] for row in result["per_class"]) for result in found]
        lines.append(f"| {name} | {boxes} | {steps} | {objects[0]} | {100 * own['map50']:.1f} | {100 * own['map75']:.1f} | {100 * own['map']:.1f} | {objects[1]} | "
                     f"{100 * (held['map50'] or 0):.1f} |")
        if own["map50"] <= LEARNT:
            missed.append(f"{name}, {boxes} boxes: AP50 {own['map50']:.3f} of the image that was learnt, not above {LEARNT}")
    text = "\n".join(lines) + "\n"
    (arguments.out / "real.md").write_text(text)
    print(text)
    return missed


def run(arguments: argparse.Namespace) -> list[str]:
    only = set(arguments.only or ())
    pairs = [(name, boxes) for name, (folder, kinds, _) in PIECES.items() for boxes in kinds
             if (arguments.real / folder).is_dir() and (not only or only & {name, f"{name}.{boxes}"})]
    if not pairs:
        raise ValueError(f"--real {arguments.real}: has none of {', '.join(folder for folder, _, _ in PIECES.values())}, or --only none of them")
    failures = run_jobs("fine-tuning", [job for pair in pairs if (job := jobs_of(*pair, arguments))], arguments.jobs)
    failures += run_jobs("evaluating", [job for pair in pairs for split in SPLITS if (job := measure_job(*pair, split, arguments))], arguments.jobs)
    return failures + report(pairs, arguments)
