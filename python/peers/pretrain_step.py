"""A whole pre-training step of SkySense V2 in plain PyTorch: what `skysense bench --mode pretrain` is compared with.

Paper: SkySense V2, sec. 3.2, App. A and C: the teacher's and the student's forward pass over all views and modalities, MGCL, QSACL,
ITA and GCPL, backward, clipping, AdamW and the teacher's moving average. The numbers are the defaults of src/pretrain.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from peers import losses
from peers.learner import SOURCES, Learner, sizes_of
from peers.views import MODALITIES, View, read_views, share_ground

GLOBAL_VIEWS = 2
CELL = 32  # HR pixels a cell of the fusion grid
TOTAL_STEPS, WARMUP_STEPS = 600_000, 1  # `skysense bench` warms up for one step
CLIP_NORM = 3.0
PROTOTYPE_MOMENTUM = 0.99
POINTS = ("bias", "norm", "scale", "embedding", "embeddings", "position", "day_of_year", "token", "tokens", "prompt", "prompts", "queries")


def cosine(first: float, last: float, step: int, total: int) -> float:
    return last + 0.5 * (first - last) * (1 + math.cos(math.pi * min(step / (total - 1), 1)))


def learning_rate(step: int) -> float:
    return 2e-4 * step / WARMUP_STEPS if step < WARMUP_STEPS else cosine(2e-4, 1e-6, step - WARMUP_STEPS, TOTAL_STEPS - WARMUP_STEPS)


def is_decayed(name: str, parameter: Tensor) -> bool:
    """Matrices that map features; not points of the feature space, nor what makes attention biases."""
    return parameter.dim() >= 2 and "cpb_mlp." not in name and not any(part.endswith(POINTS) for part in name.split(".")[-2:])


class Training:
    """Both branches, the losses' state and the optimiser, from the weights and the batch of a case file."""

    def __init__(self, case: dict[str, Tensor], dtype: torch.dtype = torch.float32, drop_path: float = 0.0, fusion_drop_path: float = 0.0):
        self.dtype = dtype
        self.views = read_views(case)
        weights = {name.removeprefix("student."): value for name, value in case.items() if name.startswith("student.")}
        projection = {name: weights.pop(f"ita.projection.{name}") for name in ("weight", "bias") if f"ita.projection.{name}" in weights}
        channels = {name: self.views[0].images[name]["values"].shape[2] for name in MODALITIES}
        options = sizes_of(weights, drop_path, fusion_drop_path)
        self.student, self.teacher = Learner(options, channels), Learner(options, channels)
        self.student.load(weights)
        self.teacher.load(weights)
        self.teacher.eval().requires_grad_(False)
        self.texts, self.projection = case.get("class_texts"), None
        if projection:
            self.projection = nn.Linear(*reversed(projection["weight"].shape))
            self.projection.load_state_dict(projection)
        self.regions, self.anchors = case["regions"].tolist(), case["anchors"]
        self.prototypes: dict[int, Tensor] = {}
        self.centres = {f"{source}.{level}": losses.Centre(options.head[2]) for source in SOURCES for level in ("image", "pixel", "object")}
        self.centres["query"] = losses.Centre(options.head[2])

        named = dict(self.student.named_parameters())
        if self.projection is not None:
            named |= {f"ita.projection.{name}": parameter for name, parameter in self.projection.named_parameters()}
        decayed = {name: parameter for name, parameter in named.items() if is_decayed(name, parameter)}
        others = [parameter for name, parameter in named.items() if name not in decayed]
        self.parameters = list(named.values())
        # The fused implementation: PyTorch's fastest on a CPU.
        self.optimizer = torch.optim.AdamW([{"params": list(decayed.values())}, {"params": others, "weight_decay": 0.0}], fused=True)
        self.branches = list(self.teacher.parameters()), list(self.student.parameters())
        self.encode = Learner.encode_views

    def both_sizes(self, learner: Learner) -> tuple[dict[str, losses.Maps], list[Tensor]]:
        """The maps of all views, globals first, and the class tokens of the globals."""
        context = None
        if self.prototypes:
            nothing = torch.zeros_like(self.anchors[0])
            context = torch.stack([self.prototypes.get(region, nothing) for region in self.regions])
        parts = []
        for views in (self.views[:GLOBAL_VIEWS], self.views[GLOBAL_VIEWS:]):
            cells = views[0].images["hr"]["values"].shape[-1] // CELL
            parts.append(self.encode(learner, views, cells, context))
        (maps, tokens), (local_maps, _) = parts
        return {source: maps[source] + local_maps[source] for source in SOURCES}, tokens

    def measure(self, temperature: float) -> tuple[dict[str, losses.Loss], tuple[Tensor, Tensor]]:
        """The losses by name; the student's class tokens [B, N, d] in the global views together and which of them are valid."""
        with torch.no_grad():
            targets, _ = self.both_sizes(self.teacher)
            wanted = losses.gathered(self.teacher.aggregation, targets["fused"], GLOBAL_VIEWS)
        predictions, tokens = self.both_sizes(self.student)
        found = {}
        for source in SOURCES:
            student, teacher = predictions[source], targets[source][:GLOBAL_VIEWS]
            pairs = share_ground(student, teacher, self.views)
            of_globals = [pair for pair in pairs if pair.student < GLOBAL_VIEWS]
            contrast = lambda level: self.contrast(source, f"{source}.{level}", temperature)
            found[f"{source}.image"] = losses.image_loss(student, teacher, contrast("image"))
            found[f"{source}.pixel"] = losses.pixel_loss(student, pairs, contrast("pixel"))
            found[f"{source}.object"] = losses.object_loss(student, of_globals, self.views, contrast("object"))
        seen = losses.gathered(self.student.aggregation, predictions["fused"], GLOBAL_VIEWS)
        found["query"] = losses.query_loss(seen, wanted, self.contrast("query", "query", temperature))
        if self.projection is not None:
            labels = [view.label_cells for view in self.views[:GLOBAL_VIEWS]]
            terms = [losses.alignment_loss(self.projection, self.texts, predictions[name][:GLOBAL_VIEWS], labels) for name in MODALITIES]
            found["ita"] = tuple(map(sum, zip(*terms)))
        valid = torch.cat([valid.flatten(1) for _, valid in predictions["fused"][:GLOBAL_VIEWS]], 1)
        return found, (torch.cat(tokens, 1), valid)

    def contrast(self, head: str, centre: str, temperature: float) -> losses.Contrast:
        return losses.Contrast(self.student.heads[head], self.teacher.heads[head], self.centres[centre], temperature)

    def step(self, number: int) -> tuple[float, dict[str, float]]:
        """One step on the batch: the loss and its parts. Every loss has weight 1."""
        temperature = min(0.04 + 0.03 * number / 30_000, 0.07)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.dtype == torch.bfloat16):
            found, cells = self.measure(temperature)
        parts = {name: total / count.clamp_min(1) for name, (total, count) in found.items()}
        loss = sum(parts.values())
        loss.backward()
        nn.utils.clip_grad_norm_(self.parameters, CLIP_NORM)
        for group, decay in zip(self.optimizer.param_groups, (cosine(0.04, 0.2, number, TOTAL_STEPS), 0.0)):
            group["lr"], group["weight_decay"] = learning_rate(number), decay
        self.optimizer.step()
        with torch.no_grad():
            teacher, student = self.branches
            torch._foreach_lerp_(teacher, student, 1 - cosine(0.996, 1.0, number, TOTAL_STEPS))
        for centre in self.centres.values():
            centre.update()
        self.move_prototypes(*cells)
        self.optimizer.zero_grad()
        return loss.item(), {name: part.item() for name, part in parts.items()}

    @torch.no_grad()
    def move_prototypes(self, tokens: Tensor, valid: Tensor) -> None:
        """Eqs. 13 to 15 with columns of S normalised to 1; a region's first update takes the means whole."""
        cells = tokens.float()
        anchors = torch.stack([self.prototypes.get(region, anchor) for region, anchor in zip(self.regions, self.anchors)])
        likeness = F.normalize(cells, dim=-1, eps=1e-6) @ F.normalize(anchors, dim=-1, eps=1e-6).transpose(1, 2)
        assignment = losses.sinkhorn(likeness, valid)
        sums, mass = assignment.transpose(1, 2) @ cells, assignment.sum(1)[..., None]
        for region in set(self.regions):
            of_region = [place for place, other in enumerate(self.regions) if other == region]
            means = sums[of_region].sum(0) / mass[of_region].sum(0)
            known = self.prototypes.get(region)
            self.prototypes[region] = means if known is None else known.lerp(means, 1 - PROTOTYPE_MOMENTUM)
