"""Real images beside the synthetic world: what the kept models of full pre-training and of random weights, which saw none of them,
and the statistics of their pixels tell of the classes of a folder of class folders. Standard library only."""

import argparse
import pathlib
import statistics

from ablation_jobs import Job, read_json, run_jobs, settle, write_json
from ablation_probe import METHODS, kept_models
from ablation_train import key_of
from ablation_variants import RANDOM, STATISTICS, Variant


def real_file(out: pathlib.Path, variant: str, seed: int) -> pathlib.Path:
    return out / "real" / f"{variant}-s{seed}.json"


def probe_real(runs: list[tuple[Variant, int]], arguments: argparse.Namespace) -> list[str]:
    """Probes the last model of every seed that has no result yet; returns what failed."""
    settle(arguments.out / "real.json", {"data": str(arguments.real.resolve()), "size": arguments.real_size})
    last = {(variant, seed): step for variant, seed, step in kept_models(runs, arguments) if variant.repeated}
    jobs = []
    for (variant, seed), step in last.items():
        file = real_file(arguments.out, variant.name, seed)
        if file.exists():
            continue
        # The statistics of the pixels are the same beside every model.
        baseline = "pixels" if variant is RANDOM and seed == 1 else "none"
        command = [arguments.program, "probe", "--model", str(arguments.out / "models" / key_of(variant, seed) / f"step-{step}"),
                   "--data", str(arguments.real), "--size", str(arguments.real_size), "--method", "both", "--modality", "hr",
                   "--baseline", baseline, "--threads", "1", "--device", arguments.device]
        jobs.append(Job(name=f"real images, {file.stem}", command=command, log=arguments.out / "logs" / f"real-{file.stem}.log", work=1,
                        finish=lambda result, file=file: write_json(file, result)))
    return run_jobs("probing real images", jobs, arguments.jobs)


def summary(out: pathlib.Path) -> dict | None:
    """Accuracies in percent by variant: of both probes the values over seeds, and the standard error of the test images."""
    found: dict[str, dict[str, list[float]]] = {}
    errors, tested, classes = [], 0, 0

    def add(name: str, measured: dict) -> None:
        for method in METHODS:
            found.setdefault(name, {}).setdefault(method, []).append(100 * measured[method]["oa"])
            errors.append(100 * measured[method]["standard_error"])

    for file in sorted((out / "real").glob("*.json")):
        result = read_json(file)
        tested, classes = result["test_samples"], len(result["classes"])
        add(file.stem.rsplit("-s", 1)[0], result)
        if "pixel_statistics" in result["knn"]["baselines"]:
            add(STATISTICS, {method: result[method]["baselines"]["pixel_statistics"] for method in METHODS})
    if not found:
        return None
    return {**read_json(out / "real.json"), "test_images": tested, "classes": classes, "standard_error": max(errors), "accuracy": found}


def markdown(real: dict) -> str:
    lines = [f"### Real images: {pathlib.Path(real['data']).name}", "",
             f"{real['test_images']} images held out, {real['classes']} classes, {real['size']} pixels a side; accuracy in percent, ± is the standard "
             f"deviation over seeds. One seed's standard error is at most {real['standard_error']:.1f}. No model has seen a real pixel.", "",
             "| | seeds | kNN | linear |", "|---|---|---|---|"]
    for name, values in real["accuracy"].items():
        cells = [f"{statistics.fmean(values[method]):.1f}" + (f" ± {statistics.stdev(values[method]):.1f}" if len(values[method]) > 1 else "")
                 for method in METHODS]
        lines.append(f"| {name} | {len(values['knn'])} | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"
