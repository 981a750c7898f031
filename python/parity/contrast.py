"""Image- and pixel-level contrast (paper Eqs. 7 and 9) written plainly: one view pair, one image, one cell after another."""

import torch
import torch.nn.functional as F

PLACES, DATES, WIDTH, OUTPUTS = 2, 3, 8, 12
GRIDS = [4, 4, 2]  # two globals, one local
GLOBALS = 2
STUDENT_TEMPERATURE, TEACHER_TEMPERATURE = 0.1, 0.05


class Head(torch.nn.Module):
    """DINO's head: three linear layers, unit length, weight-normed last layer without gain."""

    def __init__(self):
        super().__init__()
        self.layer1 = torch.nn.Linear(WIDTH, 16)
        self.layer2 = torch.nn.Linear(16, 16)
        self.layer3 = torch.nn.Linear(16, 6)
        self.last_weight = torch.nn.Parameter(torch.randn(OUTPUTS, 6))

    def forward(self, x):
        x = self.layer3(F.gelu(self.layer2(F.gelu(self.layer1(x)))))
        return F.linear(F.normalize(x, dim=-1, eps=1e-6), F.normalize(self.last_weight, dim=-1, eps=1e-6))


def cross_entropy(student, teacher, centre):
    target = ((teacher.detach() - centre) / TEACHER_TEMPERATURE).softmax(-1)
    return -(target * (student / STUDENT_TEMPERATURE).log_softmax(-1)).sum(-1)


def moved_back(x, y, code):
    """The point of the unmoved unit square that lies at (x, y) after `code`: mirror if code & 4, then code & 3 turns."""
    for _ in range(code & 3):  # undo torch.rot90: a turn takes (x, y) to (y, 1 - x)
        x, y = 1 - y, x
    return (1 - x, y) if code & 4 else (x, y)


def moved(x, y, code):
    if code & 4:
        x = 1 - x
    for _ in range(code & 3):
        x, y = y, 1 - x
    return x, y


def fixtures():
    torch.manual_seed(3)
    student_head, teacher_head = Head(), Head()
    with torch.no_grad():
        for p in [*student_head.parameters(), *teacher_head.parameters()]:
            p.copy_(torch.randn_like(p) * 0.6)
    student = [torch.randn(PLACES, DATES, g, g, WIDTH, requires_grad=True) for g in GRIDS]
    teacher = [torch.randn(PLACES, DATES, g, g, WIDTH) for g in GRIDS[:GLOBALS]]
    valid = [torch.rand(PLACES, DATES, g, g) > 0.2 for g in GRIDS]
    valid[1][0, 1] = False  # a date that is missing in one view of one place
    boxes = torch.tensor([[[0.0, 0, 16, 16], [2, 0, 16, 16]], [[6.0, 4, 16, 16], [5, 5, 12, 12]], [[4.0, 4, 8, 8], [3, 2, 8, 8]]],
                         dtype=torch.float64)
    transforms = torch.tensor([[0, 1], [2, 3], [5, 6]])
    centres = {"image": torch.randn(OUTPUTS) * 0.1, "pixel": torch.randn(OUTPUTS) * 0.1}

    image_terms, pixel_terms = [], []
    for g in range(GLOBALS):
        for v in range(len(GRIDS)):
            if v == g:
                continue
            for b in range(PLACES):
                for t in range(DATES):
                    mine, theirs = valid[v][b, t], valid[g][b, t]
                    if mine.any() and theirs.any():
                        image_terms.append(cross_entropy(student_head(student[v][b, t][mine].mean(0)),
                                                         teacher_head(teacher[g][b, t][theirs].mean(0)), centres["image"]))
                    for i in range(GRIDS[v]):
                        for j in range(GRIDS[v]):
                            if not mine[i, j]:
                                continue
                            u, w = moved_back((j + 0.5) / GRIDS[v], (i + 0.5) / GRIDS[v], int(transforms[v, b]))
                            box, other = boxes[v, b], boxes[g, b]
                            x = (box[0] + u * box[2] - other[0]) / other[2]
                            y = (box[1] + w * box[3] - other[1]) / other[3]
                            if not (0 <= x <= 1 and 0 <= y <= 1):
                                continue
                            x, y = moved(x, y, int(transforms[g, b]))
                            point = torch.tensor([[[[2 * x - 1, 2 * y - 1]]]], dtype=torch.float32)
                            def look(map_):
                                return F.grid_sample(map_.permute(2, 0, 1)[None], point, align_corners=False, padding_mode="border")[0, :, 0, 0]
                            if look(theirs[..., None].float())[0] <= 0.999:
                                continue
                            pixel_terms.append(cross_entropy(student_head(student[v][b, t, i, j]), teacher_head(look(teacher[g][b, t])),
                                                             centres["pixel"]))
    image, pixel = torch.stack(image_terms).mean(), torch.stack(pixel_terms).mean()
    (image + pixel).backward()
    tensors = {"image": image.reshape(1), "pixel": pixel.reshape(1), "boxes": boxes, "transforms": transforms,
               "centre.image": centres["image"], "centre.pixel": centres["pixel"],
               "pixel_pairs": torch.tensor([len(pixel_terms)])}
    for v in range(len(GRIDS)):
        tensors |= {f"student.{v}": student[v], f"valid.{v}": valid[v], f"gradient.{v}": student[v].grad}
    for g in range(GLOBALS):
        tensors[f"teacher.{g}"] = teacher[g]
    for name, value in student_head.named_parameters():
        tensors |= {f"student_head.{name}": value, f"head_gradient.{name}": value.grad}
    for name, value in teacher_head.named_parameters():
        tensors[f"teacher_head.{name}"] = value
    return {"contrast": tensors, "spread": spread(), "sinkhorn": sinkhorn()}


def spread():
    """KoLeo (arXiv 2304.07193) over the dated features of five places, one of them without a valid date, a row at a time."""
    places, dates = 5, 2
    pooled = torch.randn(places * dates, WIDTH, requires_grad=True)
    valid = torch.rand(places * dates) > 0.2
    valid[:dates], valid[-dates:] = True, False
    unit = F.normalize(pooled, dim=-1)
    terms = []
    for i in valid.nonzero()[:, 0].tolist():
        others = [j for j in valid.nonzero()[:, 0].tolist() if j // dates != i // dates]
        distances = torch.stack([(unit[i] - unit[j]).norm() for j in others])
        nearest = others[int(distances.argmin())]
        terms.append(-(unit[i] - unit[nearest]).norm().log())
    loss = torch.stack(terms).mean()
    loss.backward()
    return {"pooled": pooled, "valid": valid, "loss": loss.reshape(1), "gradient": pooled.grad}


def sinkhorn():
    """Sinkhorn-Knopp as SwAV prints it (arXiv 2006.09882, listing 1), on probabilities in float64."""
    logits, temperature = torch.rand(7, OUTPUTS) * 2 - 1, 0.05
    q = (logits.double() / temperature).exp().T
    q /= q.sum()
    for _ in range(3):
        q /= q.sum(1, keepdim=True) * q.shape[0]
        q /= q.sum(0, keepdim=True) * q.shape[1]
    return {"logits": logits, "targets": (q * q.shape[1]).T.float().contiguous()}
