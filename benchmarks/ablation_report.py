"""Stage report: the probes as tables beside the paper's, as JSON, and as curves (the form of Figure 7)."""

import argparse
import dataclasses
import math
import pathlib
import statistics

import ablation_real
from ablation_jobs import read_json, write_json
from ablation_probe import METHODS, MODALITIES, probe_file
from ablation_variants import GROUPS, RANDOM, STATISTICS, TABLES, Row, Table, reference_of

COLUMNS = tuple(f"{modality} {method}" for modality in MODALITIES for method in METHODS)
MEAN = "mean"
CLEAR = 2  # standard errors


@dataclasses.dataclass(frozen=True)
class Scores:
    """Accuracies in percent of one model on its held-out regions, and the standard errors of their samples."""

    accuracy: dict[str, float]
    error: dict[str, float]


def scores_of(parts: list[dict]) -> Scores:
    """`parts`: for each modality what both methods found."""
    accuracy, error = {}, {}
    for modality, part in zip(MODALITIES, parts):
        for method in METHODS:
            accuracy[f"{modality} {method}"] = 100 * part[method]["oa"]
            error[f"{modality} {method}"] = 100 * part[method]["standard_error"]
    accuracy[MEAN] = statistics.fmean(accuracy.values())
    error[MEAN] = statistics.fmean(error.values())  # the columns share their places: their errors do not average out
    return Scores(accuracy, error)


def read_scores(out: pathlib.Path, key: str, step: int) -> Scores | None:
    parts = [read_json(probe_file(out, key, step, modality)) for modality in MODALITIES]
    return None if None in parts else scores_of(parts)


def read_statistics(out: pathlib.Path, seed: int) -> Scores | None:
    parts = [read_json(probe_file(out, f"{RANDOM.name}-s{seed}", 0, modality)) for modality in MODALITIES]
    if None in parts:
        return None
    return scores_of([{method: part[method]["baselines"]["pixel_statistics"] for method in METHODS} for part in parts])


class Results:
    """What was found so far of a group, by variant and seed."""

    def __init__(self, out: pathlib.Path, group: str):
        self.out = out
        variants = {variant.name for variant in GROUPS[group]}
        self.trained = {}
        for file in sorted((out / "train").glob("*.json")):
            result = read_json(file)
            if result["variant"] in variants:
                self.trained[result["variant"], result["seed"]] = result

    def seeds(self, variant: str) -> list[int]:
        named = RANDOM.name if variant == STATISTICS else variant
        return sorted(seed for name, seed in self.trained if name == named)

    def at(self, variant: str, seed: int, step: int | None = None) -> Scores | None:
        if variant == STATISTICS:
            return read_statistics(self.out, seed)
        steps = self.trained[variant, seed]["kept_steps"]
        return read_scores(self.out, f"{variant}-s{seed}", steps[-1] if step is None else step)

    def all(self, variant: str) -> dict[int, Scores]:
        found = {seed: self.at(variant, seed) for seed in self.seeds(variant)}
        return {seed: scores for seed, scores in found.items() if scores}


def spread(values: list[float]) -> float | None:
    return statistics.stdev(values) if len(values) > 1 else None


def compared(reference: dict[int, Scores], other: dict[int, Scores]) -> dict | None:
    """The reference's gain in the mean column over the seeds that both have. Its error is the larger of what the seeds
    differ by and what the samples allow."""
    seeds = sorted(reference.keys() & other.keys())
    if not seeds:
        return None
    gains = [reference[seed].accuracy[MEAN] - other[seed].accuracy[MEAN] for seed in seeds]
    samples = [math.hypot(reference[seed].error[MEAN], other[seed].error[MEAN]) for seed in seeds]
    error = max((spread(gains) or 0) / math.sqrt(len(seeds)), statistics.fmean(samples) / math.sqrt(len(seeds)))
    gain = statistics.fmean(gains)
    verdict = "better" if gain > CLEAR * error else "worse" if gain < -CLEAR * error else "no clear difference"
    return {"seeds": seeds, "gain": gain, "gains": gains, "error": error, "reference_is": verdict}


def row_json(row: Row, results: Results, reference: str) -> dict:
    found = results.all(row.variant)
    summary = {"label": row.label, "variant": row.variant, "seeds": sorted(found), "paper": row.paper, "columns": {}}
    for column in (*COLUMNS, MEAN):
        values = [scores.accuracy[column] for scores in found.values()]
        if values:
            summary["columns"][column] = {"mean": statistics.fmean(values), "spread": spread(values), "values": values}
    if row.variant != reference:
        summary["reference"] = compared(results.all(reference), found)
    return summary


def table_json(table: Table, results: Results, reference: str) -> dict:
    return {"title": table.title, "papers_metric": table.metric, "reference": reference,
            "rows": [row_json(row, results, reference) for row in table.rows]}


def cell(column: dict | None) -> str:
    if column is None:
        return "–"
    return f"{column['mean']:.1f}" + (f" ± {column['spread']:.1f}" if column["spread"] is not None else "")


def table_markdown(table: dict) -> str:
    has_paper = any(row["paper"] for row in table["rows"])
    head = ["", *(["paper"] if has_paper else []), "seeds", *COLUMNS, MEAN, f"gain of {table['reference']}"]
    lines = [f"### {table['title']}", ""]
    if has_paper:
        lines += [f"Paper: {table['papers_metric']}.", ""]
    lines += ["| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    for row in table["rows"]:
        paper = [" / ".join(f"{value:.2f}" for value in row["paper"]) if row["paper"] else "–"] if has_paper else []
        gain = row.get("reference")
        verdict = f"{gain['gain']:+.1f} ± {gain['error']:.1f}: {gain['reference_is']}" if gain else "–"
        cells = [row["label"], *paper, str(len(row["seeds"])), *(cell(row["columns"].get(column)) for column in (*COLUMNS, MEAN)), verdict]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def curves(table: Table, results: Results) -> dict:
    """The mean accuracy of every row at each kept step, averaged over the seeds."""
    lines = {}
    for row in table.rows:
        by_step = {}
        for seed in results.seeds(row.variant) if row.variant != STATISTICS else []:
            for step in results.trained[row.variant, seed]["kept_steps"]:
                scores = results.at(row.variant, seed, step)
                if scores:
                    by_step.setdefault(step, []).append(scores.accuracy[MEAN])
        if len(by_step) > 1:
            lines[row.label] = [(step, statistics.fmean(values)) for step, values in sorted(by_step.items())]
    return lines


def draw_curves(lines: dict, file: pathlib.Path) -> None:
    import matplotlib  # the training node's Python has none

    matplotlib.use("Agg")
    from matplotlib import pyplot

    figure, axes = pyplot.subplots(figsize=(7, 5))
    for label, points in lines.items():
        axes.plot(*zip(*points), marker="o", label=label)
    axes.set_xlabel("step")
    axes.set_ylabel("accuracy on held-out regions, %, mean of " + ", ".join(MODALITIES) + " and both probes", fontsize=8)
    axes.legend()
    axes.grid(alpha=0.3)
    figure.savefig(file, dpi=150, bbox_inches="tight")
    pyplot.close(figure)


def heading(results: Results, group: str, arguments: argparse.Namespace) -> str:
    trained = list(results.trained.values())
    steps = sorted({result["fingerprint"]["steps"] for result in trained} - {0})
    commits = ", ".join(sorted({result["commit"] for result in trained}))
    world = read_json(arguments.out / "worlds" / "s1.json") or {}
    return (f"## {group}\n\nPreset `{arguments.preset}`, {' and '.join(map(str, steps))} steps, commit {commits}. Accuracy in percent on "
            f"{world.get('test_places', '?')} places of held-out regions, twelve classes (chance: 8.3); probes learn from {world.get('places', '?')} "
            "places. Each seed is a world of its own; ± is the standard deviation over seeds. The gain is that of the mean column over the same "
            "seeds, with its standard error; beyond two of them it counts.\n")


def report(arguments: argparse.Namespace) -> dict:
    """Writes OUT/GROUP.md, OUT/GROUP.json and, where models of several steps were kept, OUT/GROUP.png."""
    results = Results(arguments.out, arguments.group)
    reference = reference_of(arguments.group)
    tables = [table_json(table, results, reference) for table in TABLES[arguments.group]]
    lines = curves(TABLES[arguments.group][0], results)
    text = "\n".join([heading(results, arguments.group, arguments), *(table_markdown(table) for table in tables)])
    real = ablation_real.summary(arguments.out)
    if real:
        text += "\n" + ablation_real.markdown(real)
    summary = {"format_version": 1, "group": arguments.group, "preset": arguments.preset, "tables": tables, "curves": lines,
               "real": real, "runs": list(results.trained.values())}
    if lines:
        picture = arguments.out / f"{arguments.group}.png"
        draw_curves(lines, picture)
        summary["picture"] = str(picture)
        text += f"\n![Accuracy by steps]({picture.name})\n"
    (arguments.out / f"{arguments.group}.md").write_text(text)
    write_json(arguments.out / f"{arguments.group}.json", summary)
    print(text)
    return summary
