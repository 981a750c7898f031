"""Object-level contrast (paper Eq. 8), one pair, one image, one cluster after another."""

import torch
import torch.nn.functional as F

from parity.contrast import STUDENT_TEMPERATURE, TEACHER_TEMPERATURE, WIDTH, Head, OUTPUTS, cross_entropy, moved, moved_back

PLACES, DATES, GRID, OBJECTS, EPSILON = 2, 2, 6, 4, 0.05


def sinkhorn(similarity):
    """SwAV's listing 1 in float64: similarity [points, clusters] -> assignments whose rows sum to 1."""
    q = (similarity.double() / EPSILON).exp()
    for _ in range(3):
        q = q / q.sum(0, keepdim=True)
        q = q / q.sum(1, keepdim=True)
    return q.float()


def shared_points(student, teacher, boxes, transforms):
    """Ground points of the student's valid cells that the teacher sees: [(ground point, student's feature, teacher's)]."""
    (features, valid), (their_features, their_valid) = student, teacher
    (box, other), (code, their_code) = boxes, transforms
    points = []
    for i in range(GRID):
        for j in range(GRID):
            if not valid[i, j]:
                continue
            u, w = moved_back((j + 0.5) / GRID, (i + 0.5) / GRID, code)
            ground = (box[0] + u * box[2], box[1] + w * box[3])
            x, y = (ground[0] - other[0]) / other[2], (ground[1] - other[1]) / other[3]
            if not (0 <= x <= 1 and 0 <= y <= 1):
                continue
            x, y = moved(x, y, their_code)
            at = torch.tensor([[[[2 * x - 1, 2 * y - 1]]]], dtype=torch.float32)

            def look(map_):
                return F.grid_sample(map_.permute(2, 0, 1)[None], at, align_corners=False, padding_mode="border")[0, :, 0, 0]

            if look(their_valid[..., None].float())[0] > 0.999:
                points.append((ground, features[i, j], look(their_features)))
    return points


def seed_numbers(points, box, other):
    """The nearest point to each of a 2 x 2 grid over the ground of both boxes, each point once."""
    low = [max(box[k], other[k]) for k in range(2)]
    high = [min(box[k] + box[k + 2], other[k] + other[k + 2]) for k in range(2)]
    seeds = []
    for row in range(2):
        for column in range(2):
            wanted = (low[0] + (high[0] - low[0]) * (column + 0.5) / 2, low[1] + (high[1] - low[1]) * (row + 0.5) / 2)
            distances = [(wanted[0] - p[0][0]) ** 2 + (wanted[1] - p[0][1]) ** 2 for p in points]
            nearest = distances.index(min(distances))
            if nearest not in seeds:
                seeds.append(nearest)
    return seeds


def fixtures():
    torch.manual_seed(11)
    student_head, teacher_head = Head(), Head()
    with torch.no_grad():
        for p in [*student_head.parameters(), *teacher_head.parameters()]:
            p.copy_(torch.randn_like(p) * 0.6)
    student = [torch.randn(PLACES, DATES, GRID, GRID, WIDTH, requires_grad=True) for _ in range(2)]
    teacher = [torch.randn(PLACES, DATES, GRID, GRID, WIDTH) for _ in range(2)]
    valid = [torch.rand(PLACES, DATES, GRID, GRID) > 0.15 for _ in range(2)]
    valid[1][0, 1] = False  # a date that is missing in one view
    valid[0][1, 0] = False  # an image with two shared cells at most: fewer clusters than seeds
    valid[0][1, 0, 2, 2:4] = True
    boxes = torch.tensor([[[0.0, 0, 16, 16], [2, 0, 16, 16]], [[6.1, 4.3, 15.5, 15.5], [5.2, 5.7, 12.3, 12.3]]], dtype=torch.float64)
    transforms = torch.tensor([[0, 1], [2, 7]])
    centre = torch.randn(OUTPUTS) * 0.1

    terms, clusters = [], []
    for g, v in [(0, 1), (1, 0)]:
        for b in range(PLACES):
            for t in range(DATES):
                box, other = boxes[v, b].tolist(), boxes[g, b].tolist()
                points = shared_points((student[v][b, t], valid[v][b, t]), (teacher[g][b, t], valid[g][b, t]), (box, other),
                                       (int(transforms[v, b]), int(transforms[g, b])))
                if not points:
                    continue
                mine, theirs = torch.stack([p[1] for p in points]), torch.stack([p[2] for p in points])
                seeds = theirs[seed_numbers(points, box, other)]
                assignment = sinkhorn(F.cosine_similarity(theirs[:, None], seeds[None], dim=-1))
                clusters.append(len(seeds))
                for k in range(len(seeds)):
                    weight = assignment[:, k] / assignment[:, k].sum()
                    terms.append(cross_entropy(student_head(weight @ mine), teacher_head(weight @ theirs), centre))
    assert min(clusters) < OBJECTS == max(clusters)
    loss = torch.stack(terms).mean()
    loss.backward()
    tensors = {"loss": loss.reshape(1), "boxes": boxes, "transforms": transforms, "centre": centre,
               "temperatures": torch.tensor([STUDENT_TEMPERATURE, TEACHER_TEMPERATURE]), "clusters": torch.tensor([sum(clusters)])}
    for v in range(2):
        tensors |= {f"student.{v}": student[v], f"teacher.{v}": teacher[v], f"valid.{v}": valid[v], f"gradient.{v}": student[v].grad}
    for name, value in student_head.named_parameters():
        tensors |= {f"student_head.{name}": value, f"head_gradient.{name}": value.grad}
    for name, value in teacher_head.named_parameters():
        tensors[f"teacher_head.{name}"] = value
    return {"object_contrast": tensors}
