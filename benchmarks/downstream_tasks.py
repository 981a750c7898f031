"""What the downstream benchmark compares: tasks of Synthetic Earth and of real pieces, the networks, and the paper's claims.

Standard library only.
"""

import dataclasses

PRETRAINED, RANDOM, U_NET = "pretrained", "random", "u-net"
NETWORKS = (PRETRAINED, RANDOM, U_NET)


@dataclasses.dataclass(frozen=True)
class Task:
    """One fine-tuning: a reader, what the network sees, and its head."""

    name: str
    reader: str
    metric: str  # of `skysense evaluate`
    settings: dict  # groups of a recipe, over COMMON
    modalities: tuple[str, ...] = ("hr",)
    dates: dict[str, int] = dataclasses.field(default_factory=dict)  # images of a modality a sample; else 1
    u_net: bool = True  # it reads one modality
    exceptions: dict[str, dict] = dataclasses.field(default_factory=dict)  # settings by key that one kind of first weights has alone


def merged(*groups: dict) -> dict:
    """Nested groups, the later over the earlier."""
    result: dict = {}
    for group in groups:
        for key, value in group.items():
            result[key] = merged(result.get(key, {}), value) if isinstance(value, dict) else value
    return result


COMMON = {
    "dtype": "bfloat16",
    "task": {"geo_context": False, "channels": 64, "auxiliary_channels": 64, "dropout": 0.1},
    "train": {"schedule": "cosine", "weight_decay": 0.01, "clip_norm": 1.0},
    "augment": {"horizontal_flip": 0.5, "vertical_flip": 0.5, "quarter_turn": 0.75},  # all eight positions alike, as for the U-Net
    "eval": {"every": 0},
    "loader": {"workers": 1},
}
# Chosen on validation places, for each kind of head and of first weights (docs/downstream.md), with 5 % of the labels and one seed.
# Prompts are of tasks of one sensor: others always have them.
SCENES = {PRETRAINED: {"train.lr": 4.0e-4, "train.layer_decay": 0.8, "task.prompts": True},
          RANDOM: {"train.lr": 2.0e-4, "train.layer_decay": 1.0, "task.prompts": False}}
MAPS = {PRETRAINED: {"train.lr": 1.0e-3, "train.layer_decay": 0.9, "task.prompts": True},
        RANDOM: {"train.lr": 2.0e-3, "train.layer_decay": 1.0, "task.prompts": False}}
# Over the config of short runs. Twelve terms of MGCL outweigh one of image-text alignment, which is what short runs learn most from.
PRETRAINING = {"weights.ita": 10}
LINEAR = {"task": {"head": "linear"}}
SEGMENT = {"task": {"head": "upernet"}}
FUSED = {"task": {"head": "upernet", "fusion": True}}
FUSED_MS = merged(FUSED, {"task": {"modality": "ms"}})  # labels by cell: the head sees MS's maps, where HR's took 12 points from crops
# Change is 3 % of the synthetic pixels. From random weights the U-Net head finds none on new ground, so they have BIT, which is better for them.
CHANGE = {"task": {"head": "unet"}, "loss": {"class_weights": [1.0, 10.0]}}
CHANGE_FROM_RANDOM = {RANDOM: {"task.head": "bit"}}

# Table 19: pre-trained against random weights, with few labels.
TASKS = (
    Task("scene", "places-class", "oa", LINEAR),
    Task("scene-ms", "places-class", "oa", LINEAR, ("ms",)),
    Task("scene-ms-series", "places-class", "oa", merged(LINEAR, {"task": {"fusion": True}}), ("ms",), {"ms": 4}),
    Task("scene-hr-ms-sar", "places-class", "oa", merged(LINEAR, {"task": {"fusion": True}}), ("hr", "ms", "sar"), {"ms": 4, "sar": 3}, u_net=False),
    Task("covers", "places-covers", "map", LINEAR),
    Task("covers-ms", "places-covers", "map", LINEAR, ("ms",)),
    Task("landcover", "places-landcover", "miou", SEGMENT),
    Task("crops", "places-crops", "miou", FUSED, ("ms",), {"ms": 4}),
    Task("change", "places-change", "f1", CHANGE, dates={"hr": 1}, exceptions=CHANGE_FROM_RANDOM),
    Task("semantic-change", "places-semantic-change", "scs", {"task": {"head": "upernet-change"}}, dates={"hr": 1}),
)

# Table 3: what more dates and more sensors give the same pre-trained network.
INPUTS = (
    Task("crops-ms-date", "places-crops", "miou", SEGMENT, ("ms",), u_net=False),
    Task("crops-ms-series", "places-crops", "miou", FUSED, ("ms",), {"ms": 4}, u_net=False),
    Task("crops-ms-sar-series", "places-crops", "miou", FUSED, ("ms", "sar"), {"ms": 4, "sar": 3}, u_net=False),
    Task("crops-hr-ms-sar", "places-crops", "miou", FUSED_MS, ("hr", "ms", "sar"), {"ms": 4, "sar": 3}, u_net=False),
    Task("landcover-ms-date", "places-landcover", "miou", SEGMENT, ("ms",), u_net=False),
    Task("landcover-ms-series", "places-landcover", "miou", FUSED, ("ms",), {"ms": 4}, u_net=False),
    Task("landcover-sar-series", "places-landcover", "miou", FUSED, ("sar",), {"sar": 3}, u_net=False),
    Task("landcover-ms-sar-series", "places-landcover", "miou", FUSED, ("ms", "sar"), {"ms": 4, "sar": 3}, u_net=False),
    Task("landcover-hr-ms-sar", "places-landcover", "miou", FUSED_MS, ("hr", "ms", "sar"), {"ms": 4, "sar": 3}, u_net=False),
)
# Each is claimed to be better than the one before it.
CLAIMS = (
    ("series beat single dates: scenes", "scene-ms", "scene-ms-series"),
    ("series beat single dates: crops", "crops-ms-date", "crops-ms-series"),
    ("series beat single dates: land cover", "landcover-ms-date", "landcover-ms-series"),
    ("all three beat HR: scenes", "scene", "scene-hr-ms-sar"),
    ("all three beat an MS series: scenes", "scene-ms-series", "scene-hr-ms-sar"),
    ("MS and SAR beat MS: crops", "crops-ms-series", "crops-ms-sar-series"),
    ("MS and SAR beat SAR: land cover", "landcover-sar-series", "landcover-ms-sar-series"),
    ("MS and SAR beat MS: land cover", "landcover-ms-series", "landcover-ms-sar-series"),
    ("all three beat MS and SAR: land cover", "landcover-ms-sar-series", "landcover-hr-ms-sar"),
    ("all three beat MS and SAR: crops", "crops-ms-sar-series", "crops-hr-ms-sar"),
)


@dataclasses.dataclass(frozen=True)
class Run:
    """One fine-tuned network or U-Net: what a row of the results is."""

    task: Task
    network: str
    fraction: float
    seed: int

    @property
    def key(self) -> str:
        return f"{self.task.name}.{self.network}.{100 * self.fraction:g}pc.s{self.seed}"


def recipe_of(task: Task, steps: int, batch: int) -> dict:
    """The task's recipe: a config of `skysense finetune`."""
    dates = {modality: task.dates.get(modality, 1) for modality in task.modalities}
    return merged(COMMON, task.settings, {
        "title": f"benchmarks/downstream.py: {task.name}",
        "data": {"reader": task.reader, "modalities": list(task.modalities), "dates": dates},
        "train": {"steps": steps, "batch_size": batch, "warmup_steps": max(1, steps // 10), "checkpoint_every": max(1, steps // 4)},
    })


def learning_of(task: Task, network: str) -> dict:
    """The settings that hang on the network's first weights, by key."""
    chosen = (SCENES if task.settings["task"]["head"] == "linear" else MAPS)[network]
    return chosen | ({"task.prompts": True} if len(task.modalities) > 1 else {}) | task.exceptions.get(network, {})


def runs_of(arguments) -> list[Run]:
    """Everything that is asked for, seed by seed, so that what is done first compares everything. Raises ValueError for a
    task that does not exist."""
    known = {task.name for task in (*TASKS, *INPUTS)}
    unknown = set(arguments.only or ()) - known
    if unknown:
        raise ValueError(f"--only {' '.join(sorted(unknown))}: there are {', '.join(sorted(known))}")
    chosen = [task for task in TASKS if not arguments.only or task.name in arguments.only]
    inputs = [task for task in INPUTS if not arguments.only or task.name in arguments.only]
    runs = []
    for seed in range(1, arguments.seeds + 1):
        for fraction in arguments.fractions:
            runs += [Run(task, network, fraction, seed) for task in chosen for network in NETWORKS if network != U_NET or task.u_net]
        runs += [Run(task, PRETRAINED, max(arguments.fractions), seed) for task in inputs]
    return runs
