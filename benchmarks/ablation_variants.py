"""What the ablations compare: variants of pre-training, the tables that they stand in and the paper's figures beside them.

Standard library only: training nodes have plain Python.
"""

import dataclasses
import pathlib

RECIPES = pathlib.Path(__file__).resolve().parent.parent / "recipes"
PAPERS_METRIC = "kNN accuracy on AID / RESISC-45, percent"


@dataclasses.dataclass(frozen=True)
class Variant:
    """One way of pre-training: recipes over the preset and the common settings, in order."""

    name: str
    recipes: tuple[str, ...] = ()  # files of recipes/ablations, without .yaml
    trained: bool = True  # False: the weights that training starts from
    repeated: bool = False  # for every seed; the others for the first seeds only

    def files(self) -> list[pathlib.Path]:
        return [RECIPES / "ablations" / f"{recipe}.yaml" for recipe in self.recipes]


@dataclasses.dataclass(frozen=True)
class Row:
    label: str
    variant: str
    paper: tuple[float, ...] | None = None  # None: the paper shows it in a figure only


@dataclasses.dataclass(frozen=True)
class Table:
    title: str
    rows: tuple[Row, ...]
    metric: str = PAPERS_METRIC


RANDOM = Variant("random", trained=False, repeated=True)
FULL = Variant("full", repeated=True)
STATISTICS = "statistics"  # no model: pixel statistics of the same places

MUST_SHOW = (
    FULL,
    RANDOM,
    *(Variant(name, (name,)) for name in ("without-qsacl", "without-object-level", "without-prompts", "without-ita", "alignment-10")),
)

# The paper's ablations start from its whole model, which has experts whatever the preset.
PAPERS_MODEL = "components-6-qsacl"
PAPER = (
    *(Variant(name, (name,)) for name in (
        "components-1-separate-backbones", "components-2-unified-backbone", "components-3-global-attention",
        "components-4-prompts", "components-5-experts", PAPERS_MODEL)),
    *(Variant(name, (PAPERS_MODEL, name)) for name in (
        "experts-4", "experts-16", "expert-blocks-2", "expert-blocks-4", "expert-blocks-8", "expert-placement-even",
        "queries-4", "queries-8", "queries-24")),
    Variant("papers-model-without-ita", (PAPERS_MODEL, "without-ita")),
    RANDOM,
)

GROUPS = {"must-show": MUST_SHOW, "paper": PAPER}

MUST_SHOW_TABLE = Table("Full pre-training, without one part, and without training", (
    Row("full", "full"),
    *(Row(variant.name.replace("-", " "), variant.name) for variant in MUST_SHOW[2:]),
    Row("random initialisation", "random"),
    Row("pixel statistics", STATISTICS),
))
FIGURE_7 = Table("Figure 7: components, one after the other", (
    Row("separate backbones", "components-1-separate-backbones"),
    Row("unified backbone", "components-2-unified-backbone"),
    Row("+ GA", "components-3-global-attention"),
    Row("+ MsP", "components-4-prompts"),
    Row("+ MoE", "components-5-experts"),
    Row("+ QSACL", PAPERS_MODEL),
    Row("random initialisation", "random"),
    Row("pixel statistics", STATISTICS),
))
TABLES = {
    "must-show": (MUST_SHOW_TABLE,),
    "paper": (
        FIGURE_7,
        Table("Table 10: image-text alignment", (
            Row("without ITA", "papers-model-without-ita", (67.45, 88.77)),
            Row("with ITA", PAPERS_MODEL, (68.24, 90.05)),
        ), "segmentation after fine-tuning: iSAID mIoU / Potsdam mF1, percent"),
        Table("Table 14: experts", (
            Row("4", "experts-4", (89.05, 82.57)),
            Row("8", PAPERS_MODEL, (91.00, 85.11)),
            Row("16", "experts-16", (91.23, 85.97)),
        )),
        Table("Table 15: last blocks with experts", (
            Row("2", "expert-blocks-2", (89.63, 83.45)),
            Row("4", "expert-blocks-4", (90.14, 84.37)),
            Row("6", PAPERS_MODEL, (91.00, 85.11)),
            Row("8", "expert-blocks-8", (91.11, 85.43)),
        )),
        Table("Table 16: placement of the blocks with experts", (
            Row("evenly over all stages", "expert-placement-even", (90.93, 84.87)),
            Row("the last ones", PAPERS_MODEL, (91.00, 85.11)),
        )),
        Table("Table 18: queries of QSACL", (
            Row("none", "components-5-experts"),
            Row("4", "queries-4", (90.21, 84.32)),
            Row("8", "queries-8", (90.68, 84.87)),
            Row("16", PAPERS_MODEL, (91.00, 85.11)),
            Row("24", "queries-24", (91.05, 85.07)),
        )),
    ),
}


def reference_of(group: str) -> str:
    """The variant that the others of the group are compared with."""
    return "full" if group == "must-show" else PAPERS_MODEL


def runs_of(group: str, only: list[str] | None, seeds: int, ablation_seeds: int) -> list[tuple[Variant, int]]:
    """Variants with their seeds, 1 and up. Raises ValueError for a name that the group does not have."""
    variants = GROUPS[group]
    unknown = set(only or ()) - {variant.name for variant in variants}
    if unknown:
        names = ", ".join(variant.name for variant in variants)
        raise ValueError(f"--only {' '.join(sorted(unknown))}: {group} has {names}")
    chosen = [variant for variant in variants if not only or variant.name in only]
    # Seed by seed, so that what is done first compares everything.
    return [(variant, seed) for seed in range(1, max(seeds, ablation_seeds) + 1) for variant in chosen
            if seed <= (seeds if variant.repeated else ablation_seeds)]
