"""The recipes of the paper's data sets: against its tables, and each for a few steps on tiny data in the published layout."""

import functools
import json
import pathlib
import re

import numpy
import pytest
import yaml
from safetensors.numpy import load_file

from conftest import result_of
from parity import dataset_files as files, object_files
from recipe_tables import ABLATIONS, BANDS, OTHERS, RESULTS, SETTINGS

MODALITIES = ["hr", "ms", "sar"]


class Blocks:
    """Random numbers as the writers of the layouts draw them, but class maps in squares of 8 pixels: single pixels at random
    could only be learnt by heart."""

    def __init__(self, seed):
        self.random = numpy.random.default_rng(seed)
        self.normal = self.random.normal

    def integers(self, low, high, size):
        values = self.random.integers(low, high, size)
        return values if high > 25 else values[..., ::8, ::8].repeat(8, -2).repeat(8, -1)


def classes(names, suffix, **options):
    return lambda root, rng: files.class_folders(root, rng, names, suffix, **options)


LAYOUTS = {
    "aid": classes(["Airport", "Pond"], ".png", images=10),
    "resisc45": classes(["airplane", "lake"], ".png", images=10),
    "uc-merced": classes(["beach", "river"], ".tif"),
    "eurosat-rgb": classes(["Forest", "River"], ".png"),
    "eurosat-ms": classes(["Forest", "River"], ".tif", bands=13),
    "class-folders": classes(["a", "b"], ".png", images=3),
    "bigearthnet-s2": files.bigearthnet,
    "bigearthnet-mm": files.bigearthnet,
    "fmow-s2": files.fmow_sentinel2,
    "isaid": files.isaid,
    "potsdam": files.potsdam,
    "loveda": files.loveda,
    "levir-cd": files.levir_cd,
    "oscd": files.oscd,
    "dynamic-earthnet": files.dynamic_earthnet,
    "pastis": files.pastis,
    "pastis-r": files.pastis,
    "pastis-mm": files.pastis,
    "five-billion-pixels": files.five_billion_pixels,
    "sparcs": files.sparcs,
    "air-polsar-seg": files.air_polsar_seg,
    "image-masks": files.image_masks,
    "change-pairs": files.levir_cd,
    "semantic-change-pairs": files.semantic_change_pairs,
    "vector-labels": files.vector_labels,
    "dior": object_files.dior,
    "dior-r": object_files.dior_r,
    "fair1m": object_files.fair1m,
    "dota-v1.0": object_files.dota,
    "coco": object_files.coco,
    "voc": object_files.voc,
    "image-boxes": object_files.image_boxes,
    "places-objects": "synth:4,size=4,hr=20",
}
RECIPES = sorted([*SETTINGS, *OTHERS]) + [f"ablations/{name}" for name in sorted(ABLATIONS)]


@pytest.fixture(scope="module")
def data_of(tmp_path_factory):
    """The folder of a reader's tiny data set, written when it is first asked for."""

    @functools.cache
    def write(reader):
        if isinstance(LAYOUTS[reader], str):
            return LAYOUTS[reader]
        root = tmp_path_factory.mktemp("data") / reader
        root.mkdir()
        LAYOUTS[reader](root, numpy.random.default_rng(0) if reader in DETECTORS else Blocks(len(reader)))
        return root

    return write


def flat(tree, prefix=""):
    pairs = {}
    for key, value in tree.items():
        if isinstance(value, str) and re.fullmatch(r"\d+e-\d+", value):
            value = float(value)  # YAML 1.1 wants a point in a number, the program's YAML 1.2 does not
        pairs |= flat(value, f"{prefix}{key}.") if isinstance(value, dict) else {prefix + key: value}
    return pairs


@functools.cache
def written(recipe):
    """What the recipe's own file says, with what it extends below."""
    path = pathlib.Path(__file__).parents[2] / "recipes" / "downstream" / f"{recipe}.yaml"
    texts = [yaml.safe_load(path.read_text())]
    while "extends" in texts[-1]:
        path = path.parent / (texts[-1]["extends"] + ".yaml")
        texts.append(yaml.safe_load(path.read_text()))
    return texts


def reader_of(recipe):
    return next(text["data"]["reader"] for text in written(recipe) if "reader" in text.get("data", {}))


@pytest.fixture(scope="module")
def model_of(tmp_path_factory):
    """A model of random weights that the recipe can start from: those about experts want some."""

    @functools.cache
    def with_experts():
        run = tmp_path_factory.mktemp("experts") / "run"
        result_of("pretrain", "--preset", "nano", "--data", "synth:2", "-o", run, "--set", "model.moe.experts=2", "--set", "train.steps=0")
        return run

    return lambda recipe: with_experts() if recipe.endswith(("-frozen-gate", "-single-expert")) else "random:nano"


@pytest.fixture(scope="module")
def resolved(data_of, model_of):
    """The resolved config of a recipe by dotted keys, with `modalities` as the data set and the recipe have them."""

    @functools.cache
    def resolve(recipe):
        result = result_of("finetune", "--recipe", recipe, "--data", data_of(reader_of(recipe)), "--model", model_of(recipe), "--dry-run")
        config = flat(yaml.safe_load(result["config"]))
        return config | {"modalities": [name for name in MODALITIES if name in result["inputs"]],
                         "bands": {name: set(bands) for name, bands in result["bands"].items()}}

    return resolve


def results_of(config):
    return config["paper.table"], list(zip(config["paper.metrics"], config["paper.splits"], config["paper.values"]))


def differences(config, expected):
    return {key: (config[key], value) for key, value in expected.items() if config[key] != pytest.approx(value)}


def test_the_list_names_every_recipe_with_a_title():
    listed = {recipe["name"]: recipe["title"] for recipe in result_of("finetune", "--recipe", "list")["recipes"]}
    assert sorted(listed) == sorted(RECIPES)
    assert all(listed.values()) and len(set(listed.values())) == len(listed)


@pytest.mark.parametrize("recipe", SETTINGS)
def test_is_as_the_papers_tables_have_it(recipe, resolved):
    config = resolved(recipe)
    assert differences(config, SETTINGS[recipe]) == {}
    assert results_of(config) == RESULTS[recipe]
    assert config["bands"] == BANDS[recipe]
    reported = RESULTS[recipe][1][0][0]
    assert config["eval.metric"] == {"top1": "oa"}.get(reported, reported)  # what the best checkpoint is chosen by


@pytest.mark.parametrize("recipe", ABLATIONS)
def test_an_ablation_changes_what_the_paper_changed_and_nothing_else(recipe, resolved):
    base, changes, table, value = ABLATIONS[recipe]
    config, of_base = resolved(f"ablations/{recipe}"), resolved(base)
    changed = {key: value for key, value in config.items() if value != of_base[key]}
    for key in ("title", "paper.table", "paper.values", "pretrained"):  # that of the command line here
        changed.pop(key, None)
    assert changed == {key: value for key, value in changes.items() if key != "pretrained" and of_base[key] != value}
    assert written(f"ablations/{recipe}")[0].get("pretrained") == changes.get("pretrained")
    (metric, split, reported), *more = results_of(config)[1]
    assert (config["paper.table"], reported, more) == (table, value, [])
    assert (metric, split) == RESULTS[base][1][0][:2]


# Small, quick and without what keeps so few steps from learning a handful of noisy pictures by heart.
QUICK = [
    "data.side=16", "data.resize=0", "data.tile=0", "data.fraction=1", "data.val_split=none", "data.val_share=0",
    "data.options.train_share=0", "data.dates.ms=2", "data.dates.sar=2",
    "task.channels=16", "task.auxiliary_channels=16", "task.norm=group", "task.dropout=0",
    "augment.horizontal_flip=0", "augment.vertical_flip=0", "augment.min_scale=1", "augment.max_scale=1", "augment.erase_chance=0",
    "augment.mixup.chance=0",
    "train.epochs=0", "train.steps=12", "train.batch_size=2", "train.schedule=constant", "train.warmup_steps=0",
    "train.warmup_epochs=0", "train.layer_decay=1", "train.drop_path=0", "train.fusion_drop_path=0", "train.log_every=1",
    "eval.every=0", "threads=1", "loader.workers=1",
]  # fmt: skip
SCENES = {"aid", "resisc45", "uc-merced", "eurosat-rgb", "eurosat-ms", "class-folders", "bigearthnet-s2", "bigearthnet-mm", "fmow-s2"}
OBJECTS = [
    "data.side=64", "detection.channels=32", "detection.roi_head.hidden=64", "detection.roi_head.samples=64",
    "detection.rpn.anchor_sizes=[4, 8, 16, 32, 64]", "detection.rpn.border_anchors=1", "detection.rpn.samples=64",
    "detection.rpn.training_proposals=100", "augment.rotation=0", "augment.quarter_turn=0", "augment.random_crop=false",
    "train.lr=1e-3", "train.clip_norm=10",
]  # fmt: skip
DETECTORS = {"dior", "dior-r", "fair1m", "dota-v1.0", "coco", "voc", "image-boxes", "places-objects"}
OF_RECIPE = {
    "image-boxes": ["data.options.attribute=kind"],
    "fmow-s2": ["train.lr=5e-4", "train.steps=24"], "vector-labels": ["data.options.attribute=kind"],
    "dynamic-earthnet-mm": ["task.cell=4"], "dynamic-earthnet-mm-planet-s2": ["task.cell=4"],
}  # fmt: skip
BASES = [recipe for recipe in RECIPES if "/" not in recipe]


@pytest.mark.parametrize("recipe", BASES)
def test_learns_on_a_tiny_data_set_in_the_published_layout(recipe, data_of, folder):
    rate = "train.lr=3e-3" if reader_of(recipe) in SCENES else "train.lr=1e-2"
    own = (OBJECTS if reader_of(recipe) in DETECTORS else []) + OF_RECIPE.get(recipe, [])
    settings = [word for setting in [*QUICK, rate, *own] for word in ("--set", setting)]
    result = result_of("finetune", "--recipe", recipe, "--data", data_of(reader_of(recipe)), "--model", "random:nano", "-o",
                       folder / "run", *settings)
    lines = [json.loads(line) for line in (folder / "run" / "log.jsonl").read_text().splitlines()]
    losses = [line["loss"] for line in lines if "loss" in line]
    assert len(losses) == result["steps"] >= 12 and result["skipped_samples"] == 0
    assert numpy.mean(losses[-3:]) < 0.9 * numpy.mean(losses[:3]), losses


# What an ablation leaves as its recipe has it: all but the sizes and the length of the run.
SHORT = [setting for setting in QUICK if setting.startswith(("data.", "task.", "eval.", "threads", "loader."))
         ] + ["train.epochs=0", "train.steps=2", "train.batch_size=2", "train.warmup_epochs=0", "train.warmup_steps=0",
              "train.log_every=1"]  # fmt: skip


@pytest.mark.parametrize("recipe", [recipe for recipe in RECIPES if "/" in recipe])
def test_every_ablation_trains_as_its_recipe_says(recipe, data_of, model_of, folder):
    own = ["data.side=64", *(setting for setting in OBJECTS if setting.startswith("detection."))] if reader_of(recipe) in DETECTORS else []
    settings = [word for setting in [*SHORT, *own] for word in ("--set", setting)]
    run = folder / "run"
    result = result_of("finetune", "--recipe", recipe, "--data", data_of(reader_of(recipe)), "--model", model_of(recipe), "-o", run, *settings)
    assert result["steps"] == 2 and numpy.isfinite(result["loss"]) and result["skipped_samples"] == 0
    names = set(load_file(run / "model" / "student.safetensors"))
    experts, gates = ({name for name in names if part in name} for part in (".mlp.experts.", ".mlp.gate."))
    if recipe.endswith("-frozen-gate"):
        learnt = {name.removesuffix(".exp_avg") for name in load_file(run / "model" / "optimizer.safetensors") if name.endswith(".exp_avg")}
        assert gates and not gates & learnt and experts & learnt
    else:
        assert not experts and not gates  # of a single expert the block becomes a plain one


def test_training_images_are_cut_into_tiles_and_validation_sees_them_whole(data_of):
    result = result_of("finetune", "--recipe", "isaid", "--data", data_of("isaid"), "--model", "random:nano", "--dry-run",
                       "--set", "data.tile=8", "--set", "data.tile_stride=4")
    assert (result["training_samples"], result["validation_samples"]) == (9, 1)  # of 16 x 16 pixels


@pytest.mark.parametrize("recipe", ["aid-20", "fmow-s2", "isaid", "levir-cd", "pastis-mm"])
def test_trains_with_the_recipes_own_augmentations(recipe, data_of, folder):
    settings = [setting for setting in QUICK if not setting.startswith(("augment.", "data.resize", "data.tile"))]
    words = [word for setting in [*settings, "data.resize=18", "data.tile=12", "data.tile_stride=4"] for word in ("--set", setting)]
    maps = recipe not in ("aid-20", "fmow-s2")
    result = result_of("finetune", "--recipe", recipe, "--data", data_of(reader_of(recipe)), "--model", "random:nano", "-o",
                       folder / "run", *words, "--set", "train.steps=4", *(["--set", "data.resize=0"] if maps else []))
    assert numpy.isfinite(result["loss"]) and result["skipped_samples"] == 0
