"""Views of places as pre-training compares them: what `skysense bench --save-case` wrote, and the ground that two views share.

Paper: SkySense V2, App. A.1. Ground coordinates, boxes and codes of flips and turns are those of src/data.
"""

import dataclasses

import torch
import torch.nn.functional as F
from torch import Tensor

MODALITIES = ("hr", "ms", "sar")


@dataclasses.dataclass
class View:
    """One view of B places: images[modality] has values [B, T, C, H, W], valid [B, T, H, W], day_of_year and present [B, T]."""

    images: dict[str, dict[str, Tensor]]
    boxes: Tensor  # [B, 4] float64: x, y, width, height
    transforms: Tensor  # [B] int64
    label_cells: Tensor | None  # [B, gh, gw] int64, -1 where unlabelled


def read_views(case: dict[str, Tensor]) -> list[View]:
    views = []
    while f"views.{len(views)}.boxes" in case:
        prefix = f"views.{len(views)}."
        own = {name.removeprefix(prefix): tensor for name, tensor in case.items() if name.startswith(prefix)}
        keys = ("values", "valid", "day_of_year", "present")
        images = {name: {key: own[f"{name}.{key}"] for key in keys} for name in MODALITIES if f"{name}.values" in own}
        views.append(View(images, own["boxes"], own["transforms"], own.get("label_cells")))
    return views


def moved(points: Tensor, codes: Tensor) -> Tensor:
    """Points [B, N, 2] of the unit square after each place's flip (code & 4) and code & 3 quarter turns."""
    x, y = points.unbind(-1)
    x = torch.where((codes & 4 > 0)[:, None], 1 - x, x)
    for turn in range(3):
        turns = ((codes & 3) > turn)[:, None]
        x, y = torch.where(turns, y, x), torch.where(turns, 1 - x, y)
    return torch.stack((x, y), -1)


def moved_back(points: Tensor, codes: Tensor) -> Tensor:
    x, y = points.unbind(-1)
    for turn in range(3):
        turns = ((codes & 3) > turn)[:, None]
        x, y = torch.where(turns, 1 - y, x), torch.where(turns, x, y)
    return torch.stack((torch.where((codes & 4 > 0)[:, None], 1 - x, x), y), -1)


def ground_points(view: View, height: int, width: int) -> Tensor:
    """Ground coordinates of the centres of a view's cells [B, height * width, 2]."""
    y, x = ((torch.arange(count, dtype=torch.float64) + 0.5) / count for count in (height, width))
    centres = torch.stack(torch.meshgrid(x, y, indexing="xy"), -1).flatten(0, 1).expand(len(view.boxes), -1, -1)
    return view.boxes[:, None, :2] + view.boxes[:, None, 2:] * moved_back(centres, view.transforms)


@dataclasses.dataclass
class SharedGround:
    """What a teacher's view shows where a student's view has its cells."""

    student: int
    teacher: int
    features: Tensor  # [B, T, gh, gw, d]
    usable: Tensor  # [B, T, gh, gw]: both see the cell, and both are valid there


@torch.no_grad()
def share_ground(student: list[tuple[Tensor, Tensor]], teacher: list[tuple[Tensor, Tensor]], views: list[View]) -> list[SharedGround]:
    """All pairs of a teacher's view with another student view. Maps are (features [B, T, gh, gw, d], valid [B, T, gh, gw])."""
    pairs = []
    for g, (theirs, their_valid) in enumerate(teacher):
        batch, dates, rows, columns, _ = theirs.shape
        planes = torch.cat((theirs.float(), their_valid[..., None].float()), -1)
        planes = planes.permute(0, 1, 4, 2, 3).reshape(batch, -1, rows, columns)  # dates ride along as channels
        for v, (_, valid) in enumerate(student):
            if v == g:
                continue
            ground = ground_points(views[v], *valid.shape[2:])
            unit = (ground - views[g].boxes[:, None, :2]) / views[g].boxes[:, None, 2:]
            inside = ((unit >= -1e-9) & (unit <= 1 + 1e-9)).all(-1).view(batch, 1, *valid.shape[2:])
            grid = (moved(unit, views[g].transforms) * 2 - 1).float().view(batch, *valid.shape[2:], 2)
            sampled = F.grid_sample(planes, grid, padding_mode="border", align_corners=False)
            sampled = sampled.unflatten(1, (dates, -1)).permute(0, 1, 3, 4, 2)
            pairs.append(SharedGround(v, g, sampled[..., :-1], valid & inside & (sampled[..., -1] > 0.999)))
    return pairs
