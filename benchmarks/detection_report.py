"""Stage report of the detection benchmark: pre-trained against random weights, and oriented against horizontal boxes."""

import argparse

from ablation_jobs import read_json, write_json
from detection_train import DENSE, DENSE_SCENES, HORIZONTAL, ORIENTED, settings_of
from downstream_report import cell, compared, gain_cell
from downstream_tasks import PRETRAINED, RANDOM

DENSE_CLASSES = ("boat", "small-vehicle", "large-vehicle", "container")  # that stand side by side, turned
METRICS = ("map50", "map75", "map")


class Results:
    """Percent, by boxes, network, the overlap that they are judged by, metric and seed."""

    def __init__(self, arguments: argparse.Namespace):
        self.runs = [read_json(file) for file in sorted((arguments.out / "results").glob("*.json"))]

    def values(self, boxes: str, network: str, by: str, metric: str) -> dict[int, float]:
        return {run["seed"]: 100 * value for run in self.runs if (run["boxes"], run["network"]) == (boxes, network)
                and by in run["measured"] and (value := run["measured"][by][metric]) is not None}

    def dense_classes(self, boxes: str, network: str) -> dict[int, float]:
        """Their mean AP50 in dense scenes, by turned boxes."""
        means = {}
        for run in self.runs:
            if (run["boxes"], run["network"]) != (boxes, network):
                continue
            rows = run["measured"][DENSE]["per_class"]
            found = [row["map50"] for row in rows if row["class"] in DENSE_CLASSES and row["map50"] is not None]
            if found:
                means[run["seed"]] = 100 * sum(found) / len(found)
        return means

    def of_class(self, name: str, boxes: str, by: str) -> dict[int, float]:
        values = {}
        for run in self.runs:
            if (run["boxes"], run["network"]) == (boxes, PRETRAINED) and by in run["measured"]:
                row = next(row for row in run["measured"][by]["per_class"] if row["class"] == name)
                if row["map50"] is not None:
                    values[run["seed"]] = 100 * row["map50"]
        return values

    def classes(self) -> list[tuple[str, int]]:
        """With the objects of the test places."""
        rows = self.runs[0]["measured"][ORIENTED]["per_class"] if self.runs else []
        return [(row["class"], row["objects"]) for row in rows]


def summary_of(arguments: argparse.Namespace) -> dict:
    results = Results(arguments)
    initial = []
    for boxes in (HORIZONTAL, ORIENTED):
        for metric in METRICS:
            found = {network: results.values(boxes, network, boxes, metric) for network in (PRETRAINED, RANDOM)}
            initial.append({"boxes": boxes, "metric": metric, "values": found, "gain": compared(found[PRETRAINED], found[RANDOM])})
    direction = []
    for what, read in (("all scenes", lambda boxes: results.values(boxes, PRETRAINED, ORIENTED, "map50")),
                       ("dense scenes", lambda boxes: results.values(boxes, PRETRAINED, DENSE, "map50")),
                       ("dense scenes, their classes", lambda boxes: results.dense_classes(boxes, PRETRAINED))):
        found = {boxes: read(boxes) for boxes in (HORIZONTAL, ORIENTED)}
        direction.append({"what": what, "values": found, "gain": compared(found[ORIENTED], found[HORIZONTAL])})
    classes = [{"class": name, "objects": objects, "horizontal": results.of_class(name, HORIZONTAL, HORIZONTAL),
                "horizontal_by_oriented": results.of_class(name, HORIZONTAL, ORIENTED), "oriented": results.of_class(name, ORIENTED, ORIENTED)}
               for name, objects in results.classes()]
    return {"format_version": 1, "settings": settings_of(arguments), "initialisation": initial, "direction": direction, "classes": classes,
            "runs": results.runs}


def markdown(summary: dict) -> str:
    settings, runs = summary["settings"], summary["runs"]
    commits = ", ".join(sorted({run["commit"] for run in runs}))
    lines = [f"## Detection on Synthetic Earth\n\nPreset `{settings['preset']}`, {settings['steps']} steps of {settings['batch']} images of "
             f"{settings['size'] * settings['hr_per_cell']}² pixels, commit {commits}. {settings['places']} places to learn from, "
             f"{settings['test_places']} of other regions to test on. Percent; ± over the seeds is their standard deviation, that of a gain its "
             "standard error, and it counts beyond two.\n",
             "| boxes | metric | pre-trained | random initialisation | gain |", "|---|---|---|---|---|"]
    for row in summary["initialisation"]:
        lines.append(f"| {row['boxes']} | {row['metric']} | {cell(row['values'][PRETRAINED])} | {cell(row['values'][RANDOM])} | {gain_cell(row['gain'])} |")
    lines += ["\n| AP50 by the overlap of turned boxes, pre-trained | horizontal | oriented | gain |", "|---|---|---|---|"]
    for row in summary["direction"]:
        lines.append(f"| {row['what']} | {cell(row['values'][HORIZONTAL])} | {cell(row['values'][ORIENTED])} | {gain_cell(row['gain'])} |")
    lines += ["\n| class (pre-trained) | objects | horizontal AP50 | by turned boxes | oriented AP50 |", "|---|---|---|---|---|"]
    for row in summary["classes"]:
        lines.append(f"| {row['class']} | {row['objects']} | {cell(row['horizontal'])} | {cell(row['horizontal_by_oriented'])} | {cell(row['oriented'])} |")
    lines.append(f"\nDense scenes: {DENSE_SCENES.replace('+', ', ')}; their classes: {', '.join(DENSE_CLASSES)}. Every seed has a world of its own.")
    return "\n".join(lines) + "\n"


def report(arguments: argparse.Namespace) -> dict:
    """Writes OUT/detection.md and OUT/detection.json."""
    summary = summary_of(arguments)
    write_json(arguments.out / "detection.json", summary)
    text = markdown(summary)
    (arguments.out / "detection.md").write_text(text)
    print(text)
    return summary
