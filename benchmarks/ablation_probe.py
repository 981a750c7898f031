"""Stage probe: the kept models on held-out regions of their worlds, by kNN and a linear probe. Standard library only."""

import argparse
import pathlib

from ablation_jobs import Job, read_json, run_jobs, write_json
from ablation_train import key_of
from ablation_variants import RANDOM, Variant

MODALITIES = ("hr", "ms", "sar", "fused")
METHODS = ("knn", "linear")


def world_of(seed: int, arguments: argparse.Namespace) -> pathlib.Path:
    return arguments.out / "worlds" / f"s{seed}"


def settle_worlds(seeds: set[int], arguments: argparse.Namespace) -> None:
    """Notes what the probes of each seed see, so that results on other places are not mixed with these."""
    wanted = {"places": arguments.probe_places, "test_places": arguments.test_places, "size": arguments.size, "hr_per_cell": arguments.hr_per_cell}
    for seed in sorted(seeds):
        file = world_of(seed, arguments).with_suffix(".json")
        known = read_json(file)
        if known and known != wanted:
            raise ValueError(f"{file}: the probes so far saw {known}, not {wanted}; name another --out, or remove it with the probes")
        if not known:
            write_json(file, wanted)


def render(seeds: set[int], arguments: argparse.Namespace) -> list[str]:
    """Writes the worlds that are not there; their held-out part comes last."""
    jobs = []
    for seed in sorted(seeds):
        world = world_of(seed, arguments)
        if (world / "test" / "index.jsonl").is_file():
            continue
        command = [arguments.program, "synth", "-o", str(world), "--seed", str(seed), "--places", str(arguments.probe_places),
                   "--test-places", str(arguments.test_places), "--size", str(arguments.size), "--hr-per-cell",
                   str(arguments.hr_per_cell), "--jobs", "1", "--overwrite"]
        jobs.append(Job(name=f"world {seed}", command=command, log=arguments.out / "logs" / f"world-s{seed}.log", work=1,
                        finish=lambda result: None))
    return run_jobs("rendering", jobs, arguments.jobs)


def samples_of(seed: int, arguments: argparse.Namespace) -> list[str]:
    """The places that the probes learn from, of the regions that were trained on, and those that they are tested on, of
    regions which no training sees: as files, or rendered as they are asked for."""
    if not arguments.live:
        world = world_of(seed, arguments)
        return ["--data", str(world), "--test", str(world / "test")]
    return ["--data", f"synth:{arguments.probe_places},seed={seed},size={arguments.size},hr={arguments.hr_per_cell}",
            "--test", f"synth:{arguments.test_places},seed={seed},size={arguments.size},hr={arguments.hr_per_cell}"]


def probe_file(out: pathlib.Path, key: str, step: int, modality: str) -> pathlib.Path:
    return out / "probes" / f"{key}.step-{step}.{modality}.json"


def kept_models(runs: list[tuple[Variant, int]], arguments: argparse.Namespace) -> list[tuple[Variant, int, int]]:
    """Variant, seed and step of every model that was trained."""
    found = []
    for variant, seed in runs:
        trained = read_json(arguments.out / "train" / f"{key_of(variant, seed)}.json")
        found += [(variant, seed, step) for step in (trained or {"kept_steps": []})["kept_steps"]]
    return found


def probe(runs: list[tuple[Variant, int]], arguments: argparse.Namespace) -> list[str]:
    """Probes every kept model that has no result yet; returns what failed."""
    models = kept_models(runs, arguments)
    settle_worlds({seed for _, seed, _ in models}, arguments)
    missing = [(variant, seed, step, modality) for variant, seed, step in models for modality in MODALITIES
               if not probe_file(arguments.out, key_of(variant, seed), step, modality).exists()]
    failures = [] if arguments.live else render({seed for _, seed, _, _ in missing}, arguments)
    if failures:
        return failures
    jobs = []
    for variant, seed, step, modality in missing:
        key = key_of(variant, seed)
        file = probe_file(arguments.out, key, step, modality)
        # The statistics of the pixels are the same beside every model: one of each seed tells them.
        baseline = "pixels" if variant is RANDOM else "none"
        command = [arguments.program, "probe", "--model", str(arguments.out / "models" / key / f"step-{step}"),
                   *samples_of(seed, arguments), "--method", "both", "--modality", modality, "--baseline", baseline,
                   "--threads", "1", "--device", arguments.device]
        jobs.append(Job(name=file.stem, command=command, log=arguments.out / "logs" / f"probe-{file.stem}.log", work=1,
                        finish=lambda result, file=file: write_json(file, result)))
    return run_jobs("probing", jobs, arguments.jobs)
