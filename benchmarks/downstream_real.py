"""The real pieces: what little data show of fine-tuning from the pre-trained checkpoint against random weights."""

import argparse
import json
import pathlib
import subprocess

from ablation_jobs import Job, read_json, run_jobs, settle, write_json
from downstream_report import cell, compared, gain_cell
from downstream_tasks import CHANGE, CHANGE_FROM_RANDOM, FUSED, LINEAR, PRETRAINED, RANDOM, SEGMENT, Task, merged, recipe_of
from downstream_train import last_step, metrics_of, network_settings, settings_of

PLACES = ("mmseg_loveda", "terramind_s1s2", "worldcereal_s1s2_ts")  # that downstream_pieces.py makes
CUT_IN_HALF = {"data": {"options": {"train_share": 0.5}, "side": 128}}
TASKS = {
    "aid": (Task("aid", "aid", "oa", merged(LINEAR, {"data": {"resize": 128, "side": 128}})), "aid_150"),
    "levir": (Task("levir", "levir-cd", "f1", merged(CHANGE, CUT_IN_HALF), exceptions=CHANGE_FROM_RANDOM), "levir_cd"),
    "dsifn": (Task("dsifn", "change-pairs", "f1", merged(CHANGE, CUT_IN_HALF), exceptions=CHANGE_FROM_RANDOM), "dsifn_cd"),
    "loveda": (Task("loveda", "places-landcover", "miou", SEGMENT), "mmseg_loveda"),
    "terramind-s2": (Task("terramind-s2", "places-landcover", "miou", SEGMENT, ("ms",)), "terramind_s1s2"),
    "terramind-s1": (Task("terramind-s1", "places-landcover", "miou", SEGMENT, ("sar",)), "terramind_s1s2"),
    "terramind-s1s2": (Task("terramind-s1s2", "places-landcover", "miou", FUSED, ("ms", "sar")), "terramind_s1s2"),
    "worldcereal-s2-date": (Task("worldcereal-s2-date", "places-landcover", "miou", SEGMENT, ("ms",)), "worldcereal_s1s2_ts"),
    "worldcereal-s2-series": (Task("worldcereal-s2-series", "places-landcover", "miou", FUSED, ("ms",), {"ms": 6}), "worldcereal_s1s2_ts"),
    "worldcereal-s1s2-series": (Task("worldcereal-s1s2-series", "places-landcover", "miou", FUSED, ("ms", "sar"), {"ms": 6, "sar": 6}),
                                "worldcereal_s1s2_ts"),
}


def folder_of(piece: str, arguments: argparse.Namespace) -> pathlib.Path:
    """The data set that the task reads: the piece itself, or places made of it, once."""
    data, out = arguments.real.resolve() / piece, arguments.out / "places" / piece
    if piece not in PLACES:
        return data
    if not (out / "test" / "index.jsonl").exists():
        from downstream_pieces import places_of

        places_of(piece, data, out, arguments.program)
    return out


def run(arguments: argparse.Namespace) -> list[str]:
    """Fine-tunes and evaluates every task, network and seed that has no result; writes OUT/real.md and OUT/real.json."""
    unknown = set(arguments.only or ()) - TASKS.keys()
    if unknown:
        raise ValueError(f"--only {' '.join(sorted(unknown))}: there are {', '.join(sorted(TASKS))}")
    settle(arguments.out / "settings.json", settings_of(arguments))
    chosen = {name: task for name, task in TASKS.items() if (not arguments.only or name in arguments.only) and (arguments.real / task[1]).is_dir()}
    if not chosen:
        raise ValueError(f"--real {arguments.real}: has none of {', '.join(sorted({piece for _, piece in TASKS.values()}))}")
    keys = [(name, network, seed) for seed in range(1, arguments.seeds + 1) for name in chosen for network in (PRETRAINED, RANDOM)]
    failures = run_jobs("fine-tuning", [job for key in keys if (job := finetune_job(*key, arguments))], arguments.jobs)
    failures += run_jobs("evaluating", [job for key in keys if (job := evaluate_job(*key, arguments))], arguments.jobs)
    if "aid" in chosen:
        failures += run_jobs("probing", [job for job in (statistics_job(arguments),) if job], 1)
    report(list(chosen), arguments)
    return failures


def result_file(name: str, network: str, seed: int, arguments: argparse.Namespace) -> pathlib.Path:
    return arguments.out / "results" / f"{name}.{network}.s{seed}.json"


def finetune_job(name: str, network: str, seed: int, arguments: argparse.Namespace) -> Job | None:
    task, piece = TASKS[name]
    folder = arguments.out / "runs" / f"{name}.{network}.s{seed}"
    if result_file(name, network, seed, arguments).exists() or (folder / "finetune.json").exists():
        return None
    recipe = arguments.out / "recipes" / f"{name}.yaml"
    write_json(recipe, recipe_of(task, arguments.steps, arguments.batch))
    command = [arguments.program, "finetune", "--recipe", str(recipe), "--data", str(folder_of(piece, arguments)), "-o", str(folder),
               "--model", str(arguments.model) if network == PRETRAINED else f"random:{arguments.preset}"]
    command += network_settings(task, network, seed, arguments)
    command += ["--resume"] if (folder / "checkpoints").is_dir() else []
    return Job(name=folder.name, command=command, log=arguments.out / "logs" / f"{folder.name}.log", work=arguments.steps,
               progress=lambda: last_step(folder), finish=lambda result: write_json(folder / "finetune.json", result))


def evaluate_job(name: str, network: str, seed: int, arguments: argparse.Namespace) -> Job | None:
    task, piece = TASKS[name]
    folder = arguments.out / "runs" / f"{name}.{network}.s{seed}"
    file = result_file(name, network, seed, arguments)
    if file.exists() or not (folder / "finetune.json").exists():
        return None
    command = [arguments.program, "evaluate", "--model", str(folder), "--data", str(folder_of(piece, arguments)), "--split", "test",
               "--set", "threads=1", "--set", f"device={arguments.device}"]

    def finish(result: dict) -> None:
        metrics = metrics_of(result)
        write_json(file, {"task": name, "network": network, "seed": seed, "metric": task.metric, "value": metrics[task.metric],
                          "metrics": metrics, "steps": arguments.steps, "commit": arguments.commit,
                          "training_samples": read_json(folder / "finetune.json")["training_samples"], "test_samples": result["samples"]})

    return Job(name=folder.name, command=command, log=arguments.out / "logs" / f"{folder.name}.evaluate.log", work=1, finish=finish)


def class_folders_of(split: str, arguments: argparse.Namespace) -> pathlib.Path:
    """Links to the pictures that the fine-tuned networks learn from, or are tested on, as class folders."""
    out = arguments.out / "aid" / split
    listed = subprocess.run([arguments.program, "datasets", "samples", "aid", str(arguments.real.resolve() / "aid_150"), "--split", split],
                            check=True, capture_output=True, text=True)
    for sample in json.loads(listed.stdout)["samples"]:
        link = out / sample["name"]
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.is_symlink():
            link.symlink_to(sample["files"][0])
    return out


def statistics_job(arguments: argparse.Namespace) -> Job | None:
    """Pixel statistics of the same pictures under a linear probe, without fine-tuning."""
    file = arguments.out / "results" / "aid.pixel-statistics.json"
    if file.exists():
        return None
    command = [arguments.program, "probe", "--model", str(arguments.model), "--data", str(class_folders_of("train", arguments)), "--test",
               str(class_folders_of("test", arguments)), "--method", "linear", "--modality", "hr", "--baseline", "pixels", "--threads", "1"]
    return Job(name="aid pixel statistics", command=command, log=arguments.out / "logs" / "aid-statistics.log", work=1,
               finish=lambda result: write_json(file, {"task": "aid", "network": "pixel-statistics", "seed": 0, "metric": "oa",
                                                       "value": result["baselines"]["pixel_statistics"]["oa"],
                                                       "commit": arguments.commit}))


def report(names: list[str], arguments: argparse.Namespace) -> None:
    runs = [read_json(file) for file in sorted((arguments.out / "results").glob("*.json"))]

    def values(name: str, network: str) -> dict[int, float]:
        return {run["seed"]: 100 * run["value"] for run in runs if (run["task"], run["network"]) == (name, network)}

    lines = [f"## Fine-tuning on real pieces\n\n{arguments.steps} steps of {arguments.batch} samples, commit {arguments.commit}. Percent of small "
             "test sets, ± the standard deviation over seeds: they show that the paths work and little about the sensors.\n",
             "| task | metric | samples to learn from | to test on | pre-trained | random initialisation | gain |", "|---|---|---|---|---|---|---|"]
    for name in names:
        found = {network: values(name, network) for network in (PRETRAINED, RANDOM)}
        learnt, tested = (max((run[count] for run in runs if run["task"] == name and count in run), default="–")
                          for count in ("training_samples", "test_samples"))
        lines.append(f"| {name} | {TASKS[name][0].metric} | {learnt} | {tested} | {cell(found[PRETRAINED])} | {cell(found[RANDOM])} | "
                     f"{gain_cell(compared(found[PRETRAINED], found[RANDOM]))} |")
    statistic = values("aid", "pixel-statistics")
    if statistic:
        lines.append(f"\nPixel statistics of the same pictures of `aid_150` under a linear probe: {cell(statistic)}.")
    text = "\n".join(lines) + "\n"
    (arguments.out / "real.md").write_text(text)
    write_json(arguments.out / "real.json", {"format_version": 1, "runs": runs})
    print(text)
