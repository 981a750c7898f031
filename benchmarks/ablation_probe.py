"""Stage probe: the kept models on held-out regions of their worlds, by kNN and a linear probe. Standard library only."""

import argparse
import pathlib

from ablation_jobs import Job, read_json, run_jobs, write_json
from ablation_train import key_of
from ablation_variants import RANDOM, Variant

MODALITIES = ("hr", "ms", "sar", "fused")


def world_of(seed: int, arguments: argparse.Namespace) -> pathlib.Path:
    return arguments.out / "worlds" / f"s{seed}"


def render(seeds: set[int], arguments: argparse.Namespace) -> list[str]:
    """The places that the probes learn from, of the regions that were trained on, and those that they are tested on, of
    regions which no training sees."""
    wanted = {"places": arguments.probe_places, "test_places": arguments.test_places, "size": arguments.size}
    jobs = []
    for seed in sorted(seeds):
        world, done = world_of(seed, arguments), arguments.out / "worlds" / f"s{seed}.json"
        known = read_json(done)
        if known and known != wanted:
            raise ValueError(f"{done}: holds a world of {known}, not of {wanted}; name another --out, or remove it with the probes")
        if known:
            continue
        command = [arguments.program, "synth", "-o", str(world), "--seed", str(seed), "--places", str(arguments.probe_places),
                   "--test-places", str(arguments.test_places), "--size", str(arguments.size), "--jobs", "1", "--overwrite"]
        jobs.append(Job(name=f"world {seed}", command=command, log=arguments.out / "logs" / f"world-s{seed}.log", work=1,
                        finish=lambda result, done=done: write_json(done, wanted)))
    return run_jobs("rendering", jobs, arguments.jobs)


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
    failures = render({seed for _, seed, _ in models}, arguments)
    if failures:
        return failures
    jobs = []
    for variant, seed, step in models:
        for modality in MODALITIES:
            file = probe_file(arguments.out, key_of(variant, seed), step, modality)
            if file.exists():
                continue
            world = world_of(seed, arguments)
            # The statistics of the pixels are the same beside every model: one of each seed tells them.
            baseline = "pixels" if variant is RANDOM else "none"
            command = [arguments.program, "probe", "--model", str(arguments.out / "models" / key_of(variant, seed) / f"step-{step}"),
                       "--data", str(world), "--test", str(world / "test"), "--method", "both", "--modality", modality,
                       "--baseline", baseline, "--threads", "1", "--device", arguments.device]
            jobs.append(Job(name=file.stem, command=command, log=arguments.out / "logs" / f"probe-{file.stem}.log", work=1,
                            finish=lambda result, file=file: write_json(file, result)))
    return run_jobs("probing", jobs, arguments.jobs)
