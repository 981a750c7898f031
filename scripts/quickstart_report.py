"""Gathers the quick start's results: summary.json and report.html.

    python3 scripts/quickstart_report.py runs/quickstart

Standard library only: the quick start has no Python packages. The page is the training run's report with the
comparison and the pictures put in; like that report it needs no other file.
"""

import base64
import html
import json
import math
import pathlib
import sys

KNN = {"knn_pixel_statistics": "plain pixel statistics", "knn_untrained": "untrained model", "knn_trained": "trained model"}


def read_step(out: pathlib.Path, name: str) -> dict:
    return json.loads((out / "steps" / f"{name}.json").read_text())


def summarise(out: pathlib.Path) -> dict:
    probe, training = read_step(out, "probe"), read_step(out, "pretrain")
    untrained, pixels = probe["baselines"]["untrained"], probe["baselines"]["pixel_statistics"]
    seconds = {path.stem: float(path.read_text()) for path in sorted((out / "steps").glob("*.seconds"))}
    return {
        "format_version": 1,
        "knn_pixel_statistics": pixels["oa"],
        "knn_untrained": untrained["oa"],
        "knn_trained": probe["oa"],
        "standard_error": probe["standard_error"],
        # Paired over the same test samples.
        "gain_over_untrained": untrained["gain"],
        "gain_over_untrained_standard_error": untrained["gain_standard_error"],
        "gain_over_pixel_statistics": pixels["gain"],
        "gain_over_pixel_statistics_standard_error": pixels["gain_standard_error"],
        "test_samples": probe["test_samples"],
        "steps": training["steps"],
        "loss": training["loss"],
        "seconds": round(sum(seconds.values()), 1),
        "seconds_by_step": seconds,
    }


def picture(title: str, file: pathlib.Path) -> str:
    data = base64.b64encode(file.read_bytes()).decode()
    return (f'<figure><img alt="{html.escape(title)}" style="max-width:100%;min-width:256px;image-rendering:pixelated" '
            f'src="data:image/png;base64,{data}"><figcaption>{html.escape(title)}</figcaption></figure>')


def section(out: pathlib.Path, summary: dict) -> str:
    rows = "".join(f"<tr><td>{text}</td><td>{100 * summary[name]:.1f}%</td></tr>" for name, text in KNN.items())
    pictures = [("The held-out scene", out / "scene_rgb.png"), ("Its features, principal components as colours", out / "features_rgb.png")]
    parts = [
        "<h2>What the features are worth</h2>",
        f"<p>k-nearest-neighbour accuracy (k = 20, cosine) on {summary['test_samples']} samples of held-out regions, with a "
        f"standard error of {100 * summary['standard_error']:.1f} points.</p>",
        f"<table><tr><th>features</th><th>accuracy</th></tr>{rows}</table>",
        picture("Which class is taken for which", out / "probe" / "confusion.png"),
        "<h2>A held-out scene</h2>",
        *(picture(title, file) for title, file in pictures),
    ]
    return "\n".join(parts)


def main(folder: str) -> None:
    out = pathlib.Path(folder)
    summary = summarise(out)
    page = (out / "run" / "report.html").read_text()
    start = page.index(">", page.index("</h1>")) + 1
    (out / "report.html").write_text(page[:start] + "\n" + section(out, summary) + page[start:])
    (out / "summary.json").write_text(json.dumps(summary, indent=2) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])
