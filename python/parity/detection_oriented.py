"""Oriented R-CNN (arXiv 2108.05699) with mmrotate's settings, written here from the paper: shapely's intersections, RoIAlign by
grid_sample, one box after another. torchvision's pyramid, proposal convolution and upright suppression.

As in parity.detection every anchor and proposal is in the sample, and losses are those of each image.
"""

import math

import torch
import torch.nn.functional as F
from parity.common import randomise, weights_and_gradients
from parity.detection import CHANNELS, CLASSES, HEIGHT, HIDDEN, SIZES, SMALL, WIDTH
from peers.detector import PyramidBackbone, product_name
from shapely.geometry import Polygon
from torch import Tensor, nn
from torchvision.ops import batched_nms, box_iou

STRIDES = (4, 8, 16, 32, 64)
RATIOS = (0.5, 1.0, 2.0)
MIDPOINT_DEVIATIONS = torch.tensor([1, 1, 1, 1, 0.5, 0.5])
DEVIATIONS = torch.tensor([0.1, 0.1, 0.2, 0.2, 0.1])
LARGEST = math.log(1000 / 16)
POOL, SAMPLES = 7, 2
BEFORE, PROPOSALS, TRAINING_BEFORE, TRAINING_PROPOSALS = 50, 60, 60, 90
RPN_NMS, NMS, THRESHOLD, DETECTIONS = 0.8, 0.1, 0.15, 40


class Detector(nn.Module):
    def __init__(self):
        super().__init__()
        self.backbone = PyramidBackbone(SMALL, {"hr": 3}, CHANNELS)
        self.rpn = nn.ModuleDict({"conv": nn.Conv2d(CHANNELS, CHANNELS, 3, padding=1), "cls_logits": nn.Conv2d(CHANNELS, 3, 1),
                                  "bbox_pred": nn.Conv2d(CHANNELS, 18, 1)})
        self.roi_head = nn.ModuleDict({"fc6": nn.Linear(CHANNELS * POOL**2, HIDDEN), "fc7": nn.Linear(HIDDEN, HIDDEN),
                                       "cls_score": nn.Linear(HIDDEN, CLASSES + 1), "bbox_pred": nn.Linear(HIDDEN, 5)})

    def look(self, maps: list[Tensor], boxes: Tensor) -> tuple[Tensor, Tensor]:
        pooled = torch.stack([pool(maps, box) for box in boxes]).flatten(1)
        hidden = F.relu(self.roi_head["fc7"](F.relu(self.roi_head["fc6"](pooled))))
        return self.roi_head["cls_score"](hidden), self.roi_head["bbox_pred"](hidden)


def wrap(angle: float) -> float:
    return (angle + math.pi / 2) % math.pi - math.pi / 2


def regular(x, y, width, height, angle) -> list[float]:
    """The long side is the width."""
    return [x, y, width, height, wrap(angle)] if width >= height else [x, y, height, width, wrap(angle + math.pi / 2)]


def corners(box) -> list[tuple[float, float]]:
    x, y, width, height, angle = (float(v) for v in box)
    c, s = math.cos(angle), math.sin(angle)
    return [(x + c * u * width - s * v * height, y + s * u * width + c * v * height)
            for u, v in ((-0.5, -0.5), (0.5, -0.5), (0.5, 0.5), (-0.5, 0.5))]


def bounds(boxes: Tensor) -> Tensor:
    around = [Polygon(corners(box)).bounds for box in boxes]
    return torch.tensor(around, dtype=torch.float32).reshape(-1, 4)


def rotated_iou(one, other) -> float:
    a, b = Polygon(corners(one)), Polygon(corners(other))
    common = a.intersection(b).area
    return common / (a.area + b.area - common)


def anchors_of(maps: list[Tensor]) -> list[Tensor]:
    levels = []
    for level, stride, size in zip(maps, STRIDES, SIZES):
        boxes = []
        for row in range(level.shape[2]):
            for column in range(level.shape[3]):
                for ratio in RATIOS:
                    x, y, w, h = column * stride, row * stride, size / math.sqrt(ratio), size * math.sqrt(ratio)
                    boxes.append([x - w / 2, y - h / 2, x + w / 2, y + h / 2])
        levels.append(torch.tensor(boxes))
    return levels


def encode_midpoints(boxes: Tensor, anchors: Tensor) -> Tensor:
    codes = []
    for box, (x1, y1, x2, y2) in zip(boxes, anchors.tolist()):
        points = corners(box)
        left, upper = min(p[0] for p in points), min(p[1] for p in points)
        right, lower = max(p[0] for p in points), max(p[1] for p in points)
        x, y, w, h = (left + right) / 2, (upper + lower) / 2, right - left, lower - upper
        top, side = min(points, key=lambda p: p[1]), max(points, key=lambda p: p[0])
        codes.append([(x - (x1 + x2) / 2) / (x2 - x1), (y - (y1 + y2) / 2) / (y2 - y1), math.log(w / (x2 - x1)),
                      math.log(h / (y2 - y1)), (top[0] - x) / w, (side[1] - y) / h])
    return torch.tensor(codes).reshape(-1, 6) / MIDPOINT_DEVIATIONS


def decode_midpoints(deltas: Tensor, anchors: Tensor) -> Tensor:
    boxes = []
    for (dx, dy, dw, dh, da, db), (x1, y1, x2, y2) in zip((deltas * MIDPOINT_DEVIATIONS).tolist(), anchors.tolist()):
        w, h = ((x2 - x1) * math.exp(max(-LARGEST, min(dw, LARGEST))), (y2 - y1) * math.exp(max(-LARGEST, min(dh, LARGEST))))
        x, y = (x1 + x2) / 2 + dx * (x2 - x1), (y1 + y2) / 2 + dy * (y2 - y1)
        a, b = max(-0.5, min(da, 0.5)) * w, max(-0.5, min(db, 0.5)) * h
        # The halves of the parallelogram's diagonals: to its upper corner and to its right one.
        up, side = (a, -h / 2), (w / 2, b)
        longest = max(math.hypot(*up), math.hypot(*side))
        up, side = ([v * longest / math.hypot(*d) for v in d] for d in (up, side))
        first, second = [side[i] - up[i] for i in (0, 1)], [side[i] + up[i] for i in (0, 1)]  # the rectangle's sides
        boxes.append(regular(x, y, math.hypot(*first), math.hypot(*second), math.atan2(first[1], first[0])))
    return torch.tensor(boxes).reshape(-1, 5)


def encode(boxes: Tensor, proposals: Tensor) -> Tensor:
    codes = []
    for (gx, gy, gw, gh, ga), (px, py, pw, ph, pa) in zip(boxes.tolist(), proposals.tolist()):
        c, s = math.cos(pa), math.sin(pa)
        along, across = c * (gx - px) + s * (gy - py), -s * (gx - px) + c * (gy - py)
        turn, crosswise = wrap(ga - pa), wrap(ga - pa + math.pi / 2)
        if abs(turn) >= abs(crosswise):
            turn, gw, gh = crosswise, gh, gw
        codes.append([along / pw, across / ph, math.log(gw / pw), math.log(gh / ph), turn])
    return torch.tensor(codes).reshape(-1, 5) / DEVIATIONS


def decode(deltas: Tensor, proposals: Tensor) -> Tensor:
    boxes = []
    for (dx, dy, dw, dh, da), (px, py, pw, ph, pa) in zip((deltas * DEVIATIONS).tolist(), proposals.tolist()):
        c, s = math.cos(pa), math.sin(pa)
        w, h = (side * math.exp(max(-LARGEST, min(d, LARGEST))) for side, d in ((pw, dw), (ph, dh)))
        boxes.append(regular(px + dx * pw * c - dy * ph * s, py + dx * pw * s + dy * ph * c, w, h, pa + da))
    return torch.tensor(boxes).reshape(-1, 5)


def pool(maps: list[Tensor], box: Tensor) -> Tensor:
    """RoIAlign of an oriented box on its level of maps [1, C, H, W]: [C, POOL, POOL]."""
    x, y, width, height, angle = box.tolist()
    level = max(0, min(3, math.floor(4 + math.log2(math.sqrt(width * height) / 224) + 1e-6) - 2))
    rows, columns = maps[level].shape[2:]
    step = (torch.arange(POOL * SAMPLES) + 0.5) / (POOL * SAMPLES) - 0.5
    v, u = torch.meshgrid(step * height, step * width, indexing="ij")
    c, s = math.cos(angle), math.sin(angle)
    column, row = ((x + c * u - s * v) / STRIDES[level] - 0.5, (y + s * u + c * v) / STRIDES[level] - 0.5)
    grid = torch.stack([column / max(columns - 1, 1) * 2 - 1, row / max(rows - 1, 1) * 2 - 1], dim=-1)
    values = F.grid_sample(maps[level], grid[None], align_corners=True, padding_mode="border")[0]
    near = (column >= -1) & (column <= columns) & (row >= -1) & (row <= rows)
    return F.avg_pool2d(values * near, SAMPLES)


def by_anchor(maps: list[Tensor], numbers: int) -> list[Tensor]:
    """[1, anchors * numbers, H, W] -> [H * W * anchors, numbers] of each level."""
    return [level[0].unflatten(0, (-1, numbers)).permute(2, 3, 0, 1).reshape(-1, numbers) for level in maps]


def proposals_of(anchors: list[Tensor], logits: list[Tensor], deltas: list[Tensor], before: int, after: int) -> Tensor:
    boxes, scores, levels = [], [], []
    for level, (a, l, d) in enumerate(zip(anchors, logits, deltas)):
        best, order = l.topk(min(before, len(l)))
        boxes.append(decode_midpoints(d[order], a[order]))
        scores.append(best)
        levels.append(torch.full_like(order, level))
    boxes, scores, levels = torch.cat(boxes), torch.cat(scores), torch.cat(levels)
    there = (boxes[:, 2:4] >= 1e-3).all(1)
    boxes, scores, levels = boxes[there], scores[there], levels[there]
    return boxes[batched_nms(bounds(boxes), scores, levels, RPN_NMS)[:after]]


def match_anchors(anchors: Tensor, objects: Tensor) -> list[int]:
    """The object of each anchor, -1 for none, -2 for neither."""
    inside = (anchors[:, :2] >= 0).all(1) & (anchors[:, 2] <= WIDTH) & (anchors[:, 3] <= HEIGHT)
    if len(objects) == 0:
        return [-1 if i else -2 for i in inside.tolist()]
    iou = box_iou(bounds(objects), anchors)
    iou[:, ~inside] = -1
    largest = iou.max(1).values
    matches = []
    for n in range(len(anchors)):
        best, owner = iou[:, n].max(0)
        nearest = bool(((iou[:, n] == largest) & (largest >= 0.3)).any())
        matches.append(-2 if not inside[n] else int(owner) if best >= 0.7 or nearest else -1 if best < 0.3 else -2)
    return matches


def learn(model: Detector, maps: list[Tensor], anchors: list[Tensor], logits: list[Tensor], deltas: list[Tensor], objects: Tensor,
          classes: Tensor) -> dict[str, Tensor]:
    matches = torch.tensor(match_anchors(torch.cat(anchors), objects))
    counted, taught = (matches >= -1).nonzero()[:, 0], (matches >= 0).nonzero()[:, 0]
    codes = encode_midpoints(objects[matches[taught]], torch.cat(anchors)[taught])
    objectness = F.binary_cross_entropy_with_logits(torch.cat(logits)[counted], (matches[counted] >= 0).float())
    rpn_boxes = F.smooth_l1_loss(torch.cat(deltas)[taught], codes, beta=1 / 9, reduction="sum") / len(counted)

    with torch.no_grad():
        proposals = torch.cat([proposals_of(anchors, logits, deltas, TRAINING_BEFORE, TRAINING_PROPOSALS), objects])
    iou = torch.tensor([[rotated_iou(o, p) for p in proposals] for o in objects]).reshape(len(objects), len(proposals))
    best, owner = iou.max(0) if len(objects) else (torch.zeros(len(proposals)), torch.zeros(len(proposals), dtype=torch.long))
    labels = torch.zeros(len(proposals), dtype=torch.long)
    labels[best >= 0.5] = classes[owner[best >= 0.5]] + 1
    scores, turns = model.look(maps, proposals)
    taught = labels.nonzero()[:, 0]
    assert len(objects) == 0 or len(taught) > len(objects), "no proposal is right"
    codes = encode(objects[owner[taught]], proposals[taught])
    return {"objectness": objectness, "proposals": rpn_boxes, "classes": F.cross_entropy(scores, labels),
            "boxes": F.smooth_l1_loss(turns[taught], codes, beta=1.0, reduction="sum") / len(proposals)}


def detect(model: Detector, maps: list[Tensor], anchors: list[Tensor], logits: list[Tensor],
           deltas: list[Tensor]) -> list[Tensor]:
    proposals = proposals_of(anchors, logits, deltas, BEFORE, PROPOSALS)
    scores, turns = model.look(maps, proposals)
    boxes, probabilities = decode(turns, proposals), scores.softmax(1)[:, 1:]
    everything = ((float(p), n, k) for n, row in enumerate(probabilities) for k, p in enumerate(row))
    candidates = sorted((one for one in everything if one[0] > THRESHOLD), reverse=True)
    kept: list[tuple[float, int, int]] = []
    for score, n, k in candidates:
        if all(other != k or rotated_iou(boxes[n], boxes[m]) <= NMS for _, m, other in kept):
            kept.append((score, n, k))
    kept = kept[:DETECTIONS]
    assert len(kept) > 5, "the case has lost its point"
    scores, rows, labels = zip(*kept)
    return [boxes[list(rows)], torch.tensor(scores), torch.tensor(labels)]


def objects_near(proposals: Tensor, count: int) -> Tensor:
    """Some proposals, moved a little: an untrained network has no other way of being right."""
    chosen = proposals[(proposals[:, 3] > 8) & (proposals[:, 2] < 90)][::3][:count]
    assert len(chosen) == count
    moved = chosen * torch.tensor([1, 1, 1.1, 1.05, 1]) + torch.tensor([1.0, -0.5, 0, 0, 0.05])
    return torch.tensor([regular(*box) for box in moved.tolist()]).reshape(-1, 5)


def fixtures() -> dict[str, dict[str, Tensor]]:
    model = Detector()
    randomise(model.backbone.body, 0.02)
    for part in (model.backbone.fpn, model.rpn, model.roi_head):
        randomise(part, 0.1)
    with torch.no_grad():
        model.rpn["bbox_pred"].weight.mul_(0.3)  # offsets beyond the sides' ends would make lines of many proposals
    images = torch.randn(2, 3, HEIGHT, WIDTH)
    # The first image has many objects, the second none.
    tensors, total = {"images": images}, torch.zeros(())
    for i, (image, count) in enumerate(zip(images, (9, 0))):
        maps = list(model.backbone(image[None]).values())
        hidden = [F.relu(model.rpn["conv"](level)) for level in maps]
        logits = [level[:, 0] for level in by_anchor([model.rpn["cls_logits"](level) for level in hidden], 1)]
        deltas = by_anchor([model.rpn["bbox_pred"](level) for level in hidden], 6)
        with torch.no_grad():
            objects = objects_near(proposals_of(anchors_of(maps), logits, deltas, TRAINING_BEFORE, TRAINING_PROPOSALS), count)
        classes = torch.randint(0, CLASSES, (count,))
        losses = learn(model, maps, anchors_of(maps), logits, deltas, objects, classes)
        total = total + sum(losses.values()) / len(images)
        with torch.no_grad():
            boxes, scores, labels = detect(model, maps, anchors_of(maps), logits, deltas)
        tensors |= {f"{i}.{name}_loss": value for name, value in losses.items()}
        tensors |= {f"{i}.objects": objects, f"{i}.classes": classes}
        tensors |= {f"{i}.boxes": boxes, f"{i}.scores": scores, f"{i}.labels": labels}
    total.backward()
    for name, parameter in model.named_parameters():
        if parameter.grad is None:  # of sensors that are not there
            assert name.endswith(("prompts.ms", "prompts.sar")), name
            parameter.grad = torch.zeros_like(parameter)
    named = {f"{kind}.{product_name(name)}": value for key, value in weights_and_gradients(model).items()
             for kind, name in [key.split(".", 1)]}
    return {"detection_oriented_rcnn": tensors | named}
