"""What the paper's tables say of each recipe, typed in from them: keys of the resolved config, inputs and results."""

FLIP = {"augment.horizontal_flip": 0.5, "augment.vertical_flip": 0.5}
SCALING = {"augment.min_scale": 0.5, "augment.max_scale": 2.0}
NO_SCALING = {"augment.min_scale": 1.0, "augment.max_scale": 1.0}
ERASING = {"augment.erase_chance": 0.3, "augment.erase_min_area": 0.03, "augment.erase_max_area": 0.333}
NO_ERASING = {"augment.erase_chance": 0.0}
MIXUP = {"augment.mixup.chance": 1.0, "augment.mixup.alpha": 0.8}
NO_MIXUP = {"augment.mixup.chance": 0.0}
CROP, NO_CROP = {"augment.random_crop": True}, {"augment.random_crop": False}
PLAIN = NO_SCALING | NO_ERASING | NO_MIXUP
NO_WARMUP = {"train.warmup_steps": 0, "train.warmup_epochs": 0.0}


def warmup(ratio, steps=0, epochs=0.0):
    return {"train.warmup_ratio": ratio} | ({"train.warmup_steps": steps} if steps else {"train.warmup_epochs": epochs})


def optimiser(lr, schedule, weight_decay, layer_decay, steps=0, epochs=0):
    length = {"train.epochs": epochs} | ({"train.steps": steps} if steps else {})
    return {"train.lr": lr, "train.schedule": schedule, "train.weight_decay": weight_decay, "train.layer_decay": layer_decay,
            "train.drop_path": 0.2} | length


def inputs(side, *modalities, fusion=False):
    return {"data.side": side, "task.fusion": fusion, "modalities": list(modalities)}


UPERNET, FCN, LINEAR = ({"task.head": head} for head in ("upernet", "fcn", "linear"))
TABLE4 = (UPERNET | optimiser(1e-4, "poly", 0.01, 0.8, steps=80_000) | warmup(1e-6, steps=1500) | FLIP | CROP | NO_ERASING | NO_MIXUP
          | {"loss.kind": "cross-entropy", "task.prompts": True, "task.moe": "train"})
PICTURES = (LINEAR | optimiser(6e-5, "cosine", 0.05, 0.9, epochs=200) | warmup(0.01, epochs=5.0) | FLIP | CROP | NO_SCALING | ERASING
            | NO_MIXUP | inputs(320, "hr"))
BIGEARTHNET = (LINEAR | optimiser(5e-5, "multistep", 0.01, 0.9, epochs=100) | NO_WARMUP | FLIP | NO_CROP | PLAIN
               | {"loss.kind": "multi-label-soft-margin"})
TABLE8 = {"train.batch_size": 8, "train.lr": 6e-5, "train.schedule": "linear", "train.weight_decay": 0.01, "train.drop_path": 0.2,
          "train.epochs": 0, "loss.kind": "cross-entropy"} | FLIP | PLAIN
DYNAMIC_MM = TABLE8 | UPERNET | {"train.steps": 6000} | warmup(1e-6, steps=150)
PASTIS_MM = TABLE8 | FCN | {"train.steps": 20_000} | warmup(1e-6, steps=1500)
BIGEARTHNET_MM = BIGEARTHNET | {"train.batch_size": 256, "train.layer_decay": 1.0}

TABLE5 = (optimiser(8e-5, "multistep", 0.05, 0.85, epochs=12) | warmup(1e-3, steps=1000) | FLIP | CROP | PLAIN
          | {"augment.rotation": 0.0, "augment.quarter_turn": 0.0})
FASTER_RCNN, ORIENTED_RCNN = ({"task.head": head} for head in ("faster-rcnn", "oriented-rcnn"))

SETTINGS = {
    # Table 5
    "dior": TABLE5 | FASTER_RCNN | inputs(800, "hr"),
    "dior-r": TABLE5 | ORIENTED_RCNN | inputs(800, "hr"),
    "fair1m": TABLE5 | ORIENTED_RCNN | inputs(512, "hr") | warmup(1e-3, steps=500) | {"train.epochs": 8, "augment.rotation": 0.5},
    # Table 4
    "dynamic-earthnet-planet": TABLE4 | NO_SCALING | inputs(1024, "hr"),
    "isaid": TABLE4 | SCALING | inputs(896, "hr"),
    "potsdam": TABLE4 | SCALING | inputs(512, "hr"),
    "dynamic-earthnet-s2": TABLE4 | NO_SCALING | inputs(256, "ms"),
    # Table 6
    "levir-cd": optimiser(6e-5, "linear", 0.01, 0.9, epochs=200) | NO_WARMUP | FLIP | CROP | NO_ERASING | NO_MIXUP
    | {"task.head": "bit", "loss.kind": "cross-entropy"} | inputs(256, "hr"),
    "oscd": optimiser(6e-4, "exponential", 1e-4, 0.9, epochs=100) | NO_WARMUP | FLIP | NO_CROP | PLAIN
    | {"task.head": "unet", "loss.kind": "binary-cross-entropy"} | inputs(96, "ms"),
    "dynamic-earthnet-change": TABLE4 | NO_SCALING | inputs(256, "ms") | {"train.weight_decay": 0.05, "eval.metric": "scs"},
    # Tables 1 and 7
    "aid-20": PICTURES | {"data.options.train_share": 0.2},
    "aid-50": PICTURES | {"data.options.train_share": 0.5},
    "resisc45-10": PICTURES | {"data.options.train_share": 0.1},
    "resisc45-20": PICTURES | {"data.options.train_share": 0.2},
    "bigearthnet-s2-10": BIGEARTHNET | inputs(128, "ms") | {"data.fraction": 0.1},
    "bigearthnet-s2-100": BIGEARTHNET | inputs(128, "ms") | {"data.fraction": 1.0},
    "fmow-s2": LINEAR | optimiser(8e-4, "cosine", 0.05, 0.9, epochs=30) | warmup(0.2, epochs=5.0) | FLIP | CROP | NO_SCALING | NO_ERASING
    | MIXUP | inputs(96, "ms", fusion=True),
    # Tables 3 and 8
    "dynamic-earthnet-mm": DYNAMIC_MM | inputs(1024, "hr", "ms", "sar", fusion=True),
    "dynamic-earthnet-mm-planet-s2": DYNAMIC_MM | inputs(1024, "hr", "ms", fusion=True),
    "pastis-mm": PASTIS_MM | inputs(32, "hr", "ms", fusion=True),
    "pastis-mm-s2-s1-series": PASTIS_MM | inputs(128, "ms", "sar", fusion=True),
    "pastis-mm-s2-series": PASTIS_MM | inputs(128, "ms", fusion=True),
    "pastis-mm-s2": PASTIS_MM | inputs(128, "ms") | {"data.dates.ms": 1},
    "bigearthnet-mm": BIGEARTHNET_MM | inputs(128, "ms", "sar", fusion=True),
    "bigearthnet-mm-s1": BIGEARTHNET_MM | inputs(128, "sar"),
    # Table 12, with Table 4's settings
    "five-billion-pixels": TABLE4 | SCALING | inputs(512, "hr"),
    "sparcs": TABLE4 | NO_SCALING | inputs(256, "ms"),
    "air-polsar-seg": TABLE4 | NO_SCALING | inputs(512, "sar"),
}

# Row "Input channel" of Tables 4 to 8, "B02-08, B8A, B11-12" spelt out; for those of Table 12, of which the paper says nothing,
# all bands of the data set but a panchromatic one and thermal ones.
RGB, RGB_NIR = {"red", "green", "blue"}, {"red", "green", "blue", "nir"}
S2, S1 = {"B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12"}, {"VV", "VH"}
BANDS = {name: {"hr": RGB} for name in ("dior", "dior-r", "fair1m", "isaid", "levir-cd", "aid-20", "aid-50", "resisc45-10", "resisc45-20")}
BANDS |= {name: {"ms": S2} for name in ("dynamic-earthnet-s2", "dynamic-earthnet-change", "oscd", "bigearthnet-s2-10", "bigearthnet-s2-100", "fmow-s2",
                                        "pastis-mm-s2", "pastis-mm-s2-series")}
BANDS |= {"dynamic-earthnet-planet": {"hr": RGB_NIR}, "potsdam": {"hr": {"nir", "red", "green"}},
          "dynamic-earthnet-mm": {"hr": RGB_NIR, "ms": S2, "sar": S1}, "dynamic-earthnet-mm-planet-s2": {"hr": RGB_NIR, "ms": S2},
          "pastis-mm": {"hr": RGB, "ms": S2}, "pastis-mm-s2-s1-series": {"ms": S2, "sar": S1},
          "bigearthnet-mm": {"ms": S2, "sar": S1}, "bigearthnet-mm-s1": {"sar": S1},
          "five-billion-pixels": {"hr": RGB_NIR}, "sparcs": {"ms": {"B1", "B2", "B3", "B4", "B5", "B6", "B7", "B9"}},
          "air-polsar-seg": {"sar": {"HH", "HV", "VH", "VV"}}}

# (table, metric, split -> value); of two metrics a list.
RESULTS = {
    "aid-20": ("Table 1", [("oa", "test", 98.34)]),
    "aid-50": ("Table 1", [("oa", "test", 99.05)]),
    "resisc45-10": ("Table 1", [("oa", "test", 96.42)]),
    "resisc45-20": ("Table 1", [("oa", "test", 97.24)]),
    "bigearthnet-s2-10": ("Table 1", [("map", "test", 89.13)]),
    "bigearthnet-s2-100": ("Table 1", [("map", "test", 93.78)]),
    "fmow-s2": ("Table 1", [("top1", "val", 66.65), ("top5", "val", 89.32)]),
    "dynamic-earthnet-planet": ("Table 2a", [("miou", "val", 41.2), ("miou", "test", 47.6)]),
    "isaid": ("Table 2a", [("miou", "val", 71.87)]),
    "potsdam": ("Table 2a", [("macro_f1", "test", 95.86)]),
    "dynamic-earthnet-s2": ("Table 2a", [("miou", "val", 35.2), ("miou", "test", 47.5)]),
    "dior": ("Table 2b", [("map50", "test", 79.5)]),
    "dior-r": ("Table 2b", [("voc07", "test", 75.29)]),
    "fair1m": ("Table 2b", [("voc07", "test", 55.96)]),
    "levir-cd": ("Table 2c", [("f1", "test", 94.83)]),
    "oscd": ("Table 2c", [("f1", "test", 65.29)]),
    "dynamic-earthnet-change": ("Table 2c", [("scs", "val", 16.0), ("scs", "test", 20.7)]),
    "dynamic-earthnet-mm": ("Table 3", [("miou", "test", 48.9)]),
    "dynamic-earthnet-mm-planet-s2": ("Table 3", [("miou", "test", 48.7)]),
    "pastis-mm-s2": ("Table 3", [("oa", "test", 75.0)]),
    "pastis-mm-s2-series": ("Table 3", [("oa", "test", 85.5)]),
    "pastis-mm-s2-s1-series": ("Table 3", [("oa", "test", 85.6)]),
    "pastis-mm": ("Table 3", [("oa", "test", 86.7)]),
    "bigearthnet-mm-s1": ("Table 3", [("map", "test", 86.5)]),
    "bigearthnet-mm": ("Table 3", [("map", "test", 93.8)]),
    "five-billion-pixels": ("Table 12", [("miou", "test", 66.82)]),
    "sparcs": ("Table 12", [("miou", "test", 74.32)]),
    "air-polsar-seg": ("Table 12", [("miou", "test", 55.32)]),
}

# Ablations: recipe -> what it changes of which, and the table's value of its metric.
MERGING = {8: ([1, 1, 1], 71.87, 95.86), 4: ([1, 1, 0], 71.92, 95.85), 2: ([1, 0, 0], 72.55, 96.76), 1: ([0, 0, 0], 72.88, 97.03)}
EXPERTS = {  # Tables 13 and 17: without prompts; without experts, frozen gate, one expert
    "resisc45-10": (96.15, 95.61, 95.73, 95.47),
    "bigearthnet-s2-10": (88.97, 88.76, 88.65, 88.69),
    "bigearthnet-mm": (92.64, 92.95, 92.80, 92.81),
}
ABLATIONS = {
    "isaid-ita-without": ("isaid", {}, "Table 10", 67.45),
    "isaid-ita-with": ("isaid", {}, "Table 10", 68.24),
    "potsdam-ita-without": ("potsdam", {}, "Table 10", 88.77),
    "potsdam-ita-with": ("potsdam", {}, "Table 10", 90.05),
    "aid-20-random-initialisation": ("aid-20", {"pretrained": "random:v2"}, "Table 19", 66.82),
    "aid-50-random-initialisation": ("aid-50", {"pretrained": "random:v2"}, "Table 19", 90.78),
    "dior-random-initialisation": ("dior", {"pretrained": "random:v2"}, "Table 19", 56.36),
    "isaid-random-initialisation": ("isaid", {"pretrained": "random:v2"}, "Table 19", 48.34),
}
for scale, (plan, isaid, potsdam) in MERGING.items():
    ABLATIONS[f"isaid-merging-{scale}"] = ("isaid", {"task.merging.hr": plan}, "Table 11", isaid)
    ABLATIONS[f"potsdam-merging-{scale}"] = ("potsdam", {"task.merging.hr": plan}, "Table 11", potsdam)
for base, (prompts, dense, gate, expert) in EXPERTS.items():
    ABLATIONS[f"{base}-without-prompts"] = (base, {"task.prompts": False}, "Table 13", prompts)
    ABLATIONS[f"{base}-without-experts"] = (base, {}, "Table 17", dense)
    ABLATIONS[f"{base}-frozen-gate"] = (base, {"task.moe": "frozen-gate"}, "Table 17", gate)
    ABLATIONS[f"{base}-single-expert"] = (base, {"task.moe": "single-expert"}, "Table 17", expert)

# Recipes of data sets and layouts that the paper does not report on.
OTHERS = ["change-pairs", "class-folders", "coco-boxes", "dota", "eurosat-ms", "eurosat-rgb", "image-boxes",
          "image-masks", "loveda", "pastis", "pastis-r", "places-objects", "semantic-change-pairs", "uc-merced", "vector-labels", "voc-boxes"]
