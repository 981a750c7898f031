"""Stage report: every task's networks beside each other, and the claims of Tables 3 and 19 with what was found."""

import argparse
import math
import statistics

from ablation_jobs import read_json, write_json
from downstream_tasks import CLAIMS, INPUTS, NETWORKS, PRETRAINED, RANDOM, TASKS, U_NET
from downstream_train import settings_of

CLEAR = 2  # standard errors
LABELS = {PRETRAINED: "pre-trained", RANDOM: "random initialisation", U_NET: "U-Net from scratch"}


class Results:
    """Values of the tasks' metrics in percent, by task, network, share of the labels and seed."""

    def __init__(self, arguments: argparse.Namespace):
        self.runs = [read_json(file) for file in sorted((arguments.out / "results").glob("*.json"))]

    def values(self, task: str, network: str, fraction: float) -> dict[int, float]:
        return {run["seed"]: 100 * run["value"] for run in self.runs
                if (run["task"], run["network"], run["fraction"]) == (task, network, fraction)}

    def fractions(self, task: str) -> list[float]:
        return sorted({run["fraction"] for run in self.runs if run["task"] == task})

    def samples(self, task: str, fraction: float) -> int | None:
        counts = {run["training_samples"] for run in self.runs if (run["task"], run["fraction"]) == (task, fraction)}
        return max((count for count in counts if count), default=None)


    def parameters(self, task: str, network: str) -> int | None:
        counts = {run["parameters"] for run in self.runs if (run["task"], run["network"]) == (task, network)}
        return max((count for count in counts if count), default=None)


def cell(values: dict[int, float]) -> str:
    if not values:
        return "–"
    spread = f" ± {statistics.stdev(values.values()):.1f}" if len(values) > 1 else ""
    return f"{statistics.fmean(values.values()):.1f}{spread}"


def compared(better: dict[int, float], other: dict[int, float]) -> dict | None:
    """The gain over the seeds that both have, and its standard error; with one seed there is none."""
    seeds = sorted(better.keys() & other.keys())
    if not seeds:
        return None
    gains = [better[seed] - other[seed] for seed in seeds]
    error = statistics.stdev(gains) / math.sqrt(len(gains)) if len(gains) > 1 else None
    gain = statistics.fmean(gains)
    if error is None:
        verdict = "one seed: no verdict"
    else:
        verdict = "better" if gain > CLEAR * error else "worse" if gain < -CLEAR * error else "no clear difference"
    return {"gain": gain, "gains": gains, "seeds": seeds, "error": error, "verdict": verdict}


def millions(count: int | None) -> str:
    return f"{count / 1e6:.1f}" if count else "–"


def gain_cell(gain: dict | None) -> str:
    if gain is None:
        return "–"
    error = f" ± {gain['error']:.1f}" if gain["error"] is not None else ""
    return f"{gain['gain']:+.1f}{error} ({gain['verdict']})"


def low_label_rows(results: Results) -> list[dict]:
    rows = []
    for task in TASKS:
        for fraction in results.fractions(task.name):
            found = {network: results.values(task.name, network, fraction) for network in NETWORKS}
            rows.append({"task": task.name, "metric": task.metric, "fraction": fraction, "samples": results.samples(task.name, fraction),
                         "parameters": {network: results.parameters(task.name, network) for network in NETWORKS},
                         "values": found, "over_random": compared(found[PRETRAINED], found[RANDOM]),
                         "over_u_net": compared(found[PRETRAINED], found[U_NET])})
    return rows


def input_rows(results: Results) -> list[dict]:
    rows = []
    for task in INPUTS:
        for fraction in results.fractions(task.name):
            rows.append({"task": task.name, "metric": task.metric, "fraction": fraction, "values": results.values(task.name, PRETRAINED, fraction)})
    return rows


def claim_rows(results: Results) -> list[dict]:
    rows = []
    for claim, less, more in CLAIMS:
        for fraction in results.fractions(more):
            gain = compared(results.values(more, PRETRAINED, fraction), results.values(less, PRETRAINED, fraction))
            if gain:
                rows.append({"claim": claim, "fraction": fraction, **gain})
    return rows


def markdown(summary: dict) -> str:
    settings = summary["settings"]
    commits = ", ".join(sorted({run["commit"] for run in summary["runs"]}))
    lines = [f"## Fine-tuning on Synthetic Earth\n\nPreset `{settings['preset']}`, {settings['steps']} steps of {settings['batch']} samples, "
             f"commit {commits}. Labels: a share of {settings['places']} places; tested on {settings['test_places']} places of regions that no "
             "training saw. Percent; ± over the seeds is their standard deviation, that of a gain its standard error, and it counts beyond two.\n",
             "| task | metric | labels | pre-trained | random initialisation | U-Net from scratch | gain over random | gain over U-Net | million "
             "parameters, ours and U-Net's |",
             "|---|---|---|---|---|---|---|---|---|"]
    for row in summary["low_label"]:
        values = " | ".join(cell(row["values"][network]) for network in NETWORKS)
        lines.append(f"| {row['task']} | {row['metric']} | {100 * row['fraction']:g}% ({row['samples']}) | {values} | "
                     f"{gain_cell(row['over_random'])} | {gain_cell(row['over_u_net'])} | "
                     f"{millions(row['parameters'][PRETRAINED])}, {millions(row['parameters'][U_NET])} |")
    if summary["inputs"]:
        lines += ["\n| inputs (pre-trained) | metric | labels | value |", "|---|---|---|---|"]
        lines += [f"| {row['task']} | {row['metric']} | {100 * row['fraction']:g}% | {cell(row['values'])} |" for row in summary["inputs"]]
    if summary["claims"]:
        lines += ["\n| claim | labels | gain |", "|---|---|---|"]
        lines += [f"| {row['claim']} | {100 * row['fraction']:g}% | {gain_cell(row)} |" for row in summary["claims"]]
    return "\n".join(lines) + "\n"


def report(arguments: argparse.Namespace) -> dict:
    """Writes OUT/downstream.md and OUT/downstream.json."""
    results = Results(arguments)
    summary = {"format_version": 1, "settings": settings_of(arguments), "low_label": low_label_rows(results), "inputs": input_rows(results),
               "claims": claim_rows(results), "runs": results.runs}
    write_json(arguments.out / "downstream.json", summary)
    text = markdown(summary)
    (arguments.out / "downstream.md").write_text(text)
    print(text)
    return summary
