"""The losses of pre-training in plain PyTorch, batched as one would write them for training (paper Eqs. 3-15).

python/parity has the same a term at a time. Every loss is a sum and the number of its terms.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from peers.learner import Maps
from peers.views import SharedGround, View, ground_points

STUDENT_TEMPERATURE = 0.1
CENTRE_MOMENTUM = 0.9
OBJECTS = 16
EPSILON = 0.05
ROUNDS = 3
TEXT_TEMPERATURE = 0.07

Loss = tuple[Tensor, Tensor]


class Centre:
    """DINO's running centre of one head's teacher logits."""

    def __init__(self, outputs: int):
        self.value, self.sum, self.rows = torch.zeros(outputs), torch.zeros(outputs), torch.zeros(())

    def observe(self, logits: Tensor, valid: Tensor) -> None:
        self.sum += (logits * valid[:, None]).sum(0)
        self.rows += valid.sum()

    def update(self) -> None:
        if self.rows > 0:
            self.value.lerp_(self.sum / self.rows, 1 - CENTRE_MOMENTUM)
        self.sum.zero_()
        self.rows.zero_()


class Contrast:
    """A head on both sides, with the centre of what it is used for."""

    def __init__(self, student: nn.Module, teacher: nn.Module, centre: Centre, temperature: float):
        self.student, self.teacher, self.centre, self.temperature = student, teacher, centre, temperature

    @torch.no_grad()
    def targets(self, features: Tensor, valid: Tensor) -> Tensor:
        logits = self.teacher(features)
        self.centre.observe(logits, valid)
        return ((logits - self.centre.value) / self.temperature).softmax(-1)

    def losses(self, student: Tensor, teacher: Tensor, valid: Tensor) -> Loss:
        """Rows [N, d] of both sides; those that are not valid do not count."""
        targets = self.targets(teacher, valid)
        return mean_of(cross_entropy(self.student(student), targets), valid)


def cross_entropy(logits: Tensor, targets: Tensor) -> Tensor:
    return -(targets * (logits / STUDENT_TEMPERATURE).log_softmax(-1)).sum(-1)


def mean_of(losses: Tensor, valid: Tensor) -> Loss:
    return (losses * valid).sum(), valid.sum()


def sinkhorn(similarity: Tensor, rows: Tensor, columns: Tensor | None = None) -> Tensor:
    """similarity [.., points, clusters] -> assignments whose rows sum to 1, of the points and clusters that take part."""
    q = (similarity / EPSILON).exp() * rows[..., None]
    if columns is not None:
        q = q * columns[..., None, :]
    for _ in range(ROUNDS):
        q = q / q.sum(-2, keepdim=True).clamp_min(1e-30)
        q = q / q.sum(-1, keepdim=True).clamp_min(1e-30)
    return q


def image_loss(student: Maps, teacher: Maps, contrast: Contrast) -> Loss:
    """Eq. 9: every image of a teacher's view with the same image in every other view."""

    def pool(maps: Maps) -> tuple[list[Tensor], list[Tensor]]:
        weights = [valid[..., None].float() for _, valid in maps]
        means = [(x.float() * w).sum((2, 3)) / w.sum((2, 3)).clamp_min(1) for (x, _), w in zip(maps, weights)]
        return [mean.flatten(0, 1) for mean in means], [valid.flatten(2).any(-1).flatten() for _, valid in maps]

    mine, my_valid = pool(student)
    theirs, their_valid = pool(teacher)
    logits = contrast.student(torch.cat(mine)).chunk(len(mine))
    targets = contrast.targets(torch.cat(theirs), torch.cat(their_valid)).chunk(len(theirs))
    total, count = torch.zeros(()), torch.zeros(())
    for g in range(len(teacher)):
        for v in range(len(student)):
            if v != g:
                loss, terms = mean_of(cross_entropy(logits[v], targets[g]), my_valid[v] & their_valid[g])
                total, count = total + loss, count + terms
    return total, count


def pixel_loss(student: Maps, pairs: list[SharedGround], contrast: Contrast) -> Loss:
    """Eq. 7: the usable cells of all pairs, gathered before they pass through the heads."""
    mine = torch.cat([student[pair.student][0][pair.usable] for pair in pairs])
    theirs = torch.cat([pair.features[pair.usable] for pair in pairs])
    return contrast.losses(mine, theirs, torch.ones(len(mine), dtype=torch.bool))


@torch.no_grad()
def choose_seeds(pair: SharedGround, views: list[View]) -> tuple[Tensor, Tensor]:
    """The usable cells nearest to an even grid over the ground of both boxes [B, T, N], and which are the first of their kind."""
    usable = pair.usable.flatten(2)
    mine, theirs = views[pair.student], views[pair.teacher]
    low = torch.maximum(mine.boxes[:, :2], theirs.boxes[:, :2])
    high = torch.minimum(mine.boxes[:, :2] + mine.boxes[:, 2:], theirs.boxes[:, :2] + theirs.boxes[:, 2:])
    rows = math.ceil(math.sqrt(OBJECTS))
    columns = -(-OBJECTS // rows)
    number = torch.arange(OBJECTS)
    even = torch.stack(((number % columns + 0.5) / columns, (number // columns + 0.5) / rows), -1).double()
    wanted = low[:, None] + (high - low)[:, None] * even
    points = ground_points(mine, *pair.usable.shape[2:])
    distance = (wanted[:, :, None] - points[:, None]).square().sum(-1)[:, None]
    seeds = distance.masked_fill(~usable[:, :, None], math.inf).argmin(-1)
    repeated = ((seeds[..., :, None] == seeds[..., None, :]) & torch.ones(OBJECTS, OBJECTS, dtype=torch.bool).tril(-1)).any(-1)
    return seeds, ~repeated & usable.any(-1, keepdim=True)


def object_loss(student: Maps, pairs: list[SharedGround], views: list[View], contrast: Contrast) -> Loss:
    """Eq. 8: cluster centres of the global views, both sides by the assignment of the teacher's features."""
    mine, theirs, counted = [], [], []
    with torch.autocast("cpu", enabled=False):
        for pair in pairs:
            seeds, valid = choose_seeds(pair, views)
            features = pair.features.flatten(2, 3)
            unit = F.normalize(features, dim=-1, eps=1e-6)
            likeness = unit @ unit.gather(2, seeds[..., None].expand(-1, -1, -1, unit.shape[-1])).transpose(-1, -2)
            assignment = sinkhorn(likeness, pair.usable.flatten(2), valid).transpose(-1, -2)
            weights = assignment / assignment.sum(-1, keepdim=True).clamp_min(1e-12)
            mine.append((weights @ student[pair.student][0].float().flatten(2, 3)).flatten(0, 2))
            theirs.append((weights @ features).flatten(0, 2))
            counted.append(valid.flatten())
    return contrast.losses(torch.cat(mine), torch.cat(theirs), torch.cat(counted))


def gathered(aggregation: nn.Module, fused: Maps, global_views: int) -> tuple[Tensor, Tensor, Tensor]:
    """What the queries find in the global views together and in the local ones: z^g, z^l, and whether both have a valid cell."""

    def cells(maps: Maps) -> tuple[Tensor, Tensor]:
        return torch.cat([x.flatten(1, 3) for x, _ in maps], 1), torch.cat([valid.flatten(1) for _, valid in maps], 1)

    (globals_, seen), (locals_, local_seen) = cells(fused[:global_views]), cells(fused[global_views:])
    return aggregation(globals_, seen), aggregation(locals_, local_seen), seen.any(-1) & local_seen.any(-1)


def query_loss(student: tuple[Tensor, Tensor, Tensor], teacher: tuple[Tensor, Tensor, Tensor], contrast: Contrast) -> Loss:
    """Eq. 3: what the student saw in the global views meets what the teacher saw in the local ones, and the reverse."""
    valid = (student[2] & teacher[2])[:, None].expand(student[0].shape[:2]).flatten().repeat(2)
    rows = lambda first, second: torch.cat((first.flatten(0, 1), second.flatten(0, 1)))
    return contrast.losses(rows(student[0], student[1]), rows(teacher[1], teacher[0]), valid)


def alignment_loss(projection: nn.Module, texts: Tensor, views: Maps, labels: list[Tensor]) -> Loss:
    """Eq. 12 with the logarithm inside the sum, of one modality's aligned maps averaged over their dates."""
    cells, classes = [], []
    for (features, valid), label in zip(views, labels):
        weight = valid[..., None].float()
        cells.append(((features.float() * weight).sum(1) / weight.sum(1).clamp_min(1)).flatten(0, 2))
        classes.append(label.masked_fill(~valid.any(1), -1).flatten())
    wanted = torch.cat(classes)
    projected = projection(torch.cat(cells)).float()
    with torch.autocast("cpu", enabled=False):
        logits = F.normalize(projected, dim=-1, eps=1e-6) @ F.normalize(texts, dim=-1, eps=1e-6).T / TEXT_TEMPERATURE
    return F.cross_entropy(logits, wanted, ignore_index=-1, reduction="sum"), (wanted >= 0).sum()
