"""Oriented boxes beside shapely (GEOS), and beside plain loops of the formulas of Oriented R-CNN and mmrotate."""

import math

import numpy as np
import shapely
import torch
from torch import Tensor

PAIRS = 100_000


def corners_of(boxes: np.ndarray) -> np.ndarray:
    """[N, 5] -> [N, 4, 2], clockwise on the screen."""
    x, y, w, h, angle = (boxes[:, i : i + 1].astype(np.float64) for i in range(5))
    signs = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) / 2
    across, down = signs[:, 0] * w, signs[:, 1] * h
    return np.stack([x + across * np.cos(angle) - down * np.sin(angle), y + across * np.sin(angle) + down * np.cos(angle)], axis=2)


def polygons(boxes: np.ndarray) -> np.ndarray:
    return shapely.polygons(corners_of(boxes))


def shapely_iou(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """0 where a box has no area. In the second box' frame: anywhere else GEOS takes some pairs of thin boxes along one line,
    whose sides coincide but for a rounding, for disjoint."""
    first, second = first.astype(np.float64), second.astype(np.float64)
    offset = (first[:, 0] - second[:, 0] + 1j * (first[:, 1] - second[:, 1])) * np.exp(-1j * second[:, 4])
    first = np.stack([offset.real, offset.imag, first[:, 2], first[:, 3], first[:, 4] - second[:, 4]], axis=1)
    second[:, [0, 1, 4]] = 0
    area = first[:, 2] * first[:, 3], second[:, 2] * second[:, 3]
    solid = (area[0] > 0) & (area[1] > 0)
    shared = np.zeros(len(first))
    shared[solid] = shapely.area(shapely.intersection(polygons(first[solid]), polygons(second[solid])))
    return np.where(solid, shared / np.where(solid, area[0] + area[1] - shared, 1), 0)


def random_boxes(random: np.random.Generator, count: int, spread: float, least: float = 1, largest: float = 50) -> np.ndarray:
    boxes = np.empty((count, 5))
    boxes[:, :2] = random.uniform(0, spread, (count, 2))
    boxes[:, 2:4] = random.uniform(least, largest, (count, 2))
    boxes[:, 4] = random.uniform(-math.pi / 2, math.pi / 2, count)
    return boxes


def pairs() -> dict[str, Tensor]:
    random = np.random.default_rng(5)
    first = random_boxes(random, PAIRS, 30)
    second = random_boxes(random, PAIRS, 30)
    kinds = np.arange(PAIRS) % 20
    angle = first[:, 4]
    along = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    across = np.stack([-np.sin(angle), np.cos(angle)], axis=1)
    of = lambda kind: kinds == kind  # kinds 14 to 19 stay random
    second[of(0)] = first[of(0)]  # the same box
    second[of(1)] = first[of(1)] * [1, 1, 0.5, 0.25, 1]  # nested, one centre
    second[of(2)] = first[of(2)]
    second[of(2), :2] += (along * first[:, 2:3])[of(2)]  # touching along a side
    second[of(3)] = first[of(3)]
    second[of(3), :2] += (along * first[:, 2:3] + across * first[:, 3:4])[of(3)]  # touching in a corner
    second[of(4)] = first[of(4)]
    second[of(4), :2] += (along * first[:, 2:3] * 0.5)[of(4)]  # half covered, with two sides in common
    second[of(5)] = first[of(5)]
    second[of(5), 4] += math.pi / 2  # crossed
    first[of(6), 3] = 1e-3  # very thin
    second[of(7), 2] = 1e-4
    first[of(8), 3] = second[of(8), 3] = 0.01  # both
    second[of(8), :2] = first[of(8), :2]
    second[of(8), 4] = first[of(8), 4] + random.choice([0, 1e-4, 1e-3, math.pi / 2], of(8).sum())
    first[of(9), 2] = 0  # degenerate
    second[of(10), 2:4] = 0
    first[of(11), 4] = second[of(11), 4] = 0  # upright, on whole pixels: many sides and corners in common
    first[of(11), :4], second[of(11), :4] = np.round(first[of(11), :4] / 4) * 4, np.round(second[of(11), :4] / 4) * 4
    shift = random.uniform(1e4, 1e6, (of(12).sum(), 2))  # far from the origin
    first[of(12), :2] += shift
    second[of(12), :2] += shift
    first[of(13), 2:4] *= 1000  # a small box in, or at the edge of, a huge one
    first, second = first.astype(np.float32), second.astype(np.float32)
    iou = shapely_iou(first, second)
    assert 0.05 < iou.mean() < 0.5
    return {"first": torch.from_numpy(first), "second": torch.from_numpy(second), "iou": torch.from_numpy(iou)}


def suppression() -> dict[str, Tensor]:
    random = np.random.default_rng(6)
    boxes = np.concatenate([random_boxes(random, 500, 300, 4, 40), random_boxes(random, 100, 300, 1, 200)]).astype(np.float32)
    boxes[550:] = boxes[:50] + np.float32(0.3)
    scores = np.round(random.uniform(0, 1, len(boxes)) * 100).astype(np.float32) / 100
    classes = random.integers(0, 3, len(boxes))
    rows, columns = np.meshgrid(np.arange(len(boxes)), np.arange(len(boxes)), indexing="ij")
    iou = shapely_iou(boxes[rows.ravel()], boxes[columns.ravel()]).reshape(len(boxes), -1)
    found = {"boxes": torch.from_numpy(boxes), "scores": torch.from_numpy(scores), "classes": torch.from_numpy(classes)}
    for percent in (10, 30, 50):
        assert np.abs(iou - percent / 100).min() > 1e-7, "an overlap on the threshold would decide by rounding"
        for name, groups in (("kept", np.zeros_like(classes)), ("kept_by_class", classes)):
            kept: list[int] = []
            for i in np.argsort(-scores, kind="stable"):
                if all(groups[i] != groups[k] or iou[i, k] <= percent / 100 for k in kept):
                    kept.append(int(i))
            found[f"{name}_{percent}"] = torch.tensor(kept)
    return found


def bilinear(plane: Tensor, x: float, y: float) -> Tensor:
    """One sample of [C, H, W], counted from the centre of the first cell."""
    height, width = plane.shape[1:]
    if not (-1 <= x <= width and -1 <= y <= height):
        return plane.new_zeros(plane.shape[0])
    x, y = min(max(x, 0.0), width - 1.0), min(max(y, 0.0), height - 1.0)
    left, top = math.floor(x), math.floor(y)
    right, bottom = min(left + 1, width - 1), min(top + 1, height - 1)
    u, v = x - left, y - top
    above = plane[:, top, left] * (1 - u) + plane[:, top, right] * u
    below = plane[:, bottom, left] * (1 - u) + plane[:, bottom, right] * u
    return above * (1 - v) + below * v


def align(samples: int) -> dict[str, Tensor]:
    random = np.random.default_rng(7)
    rows, columns, scale = 3, 4, 1 / 4
    features = torch.randn(2, 6, 9, 11, dtype=torch.float64, requires_grad=True)
    boxes = np.concatenate([random_boxes(random, 16, 40, 2, 40), random_boxes(random, 4, 60, 50, 90)]).astype(np.float32)
    images = random.integers(0, 2, len(boxes))
    pooled = []
    for (x, y, w, h, angle), image in zip(boxes.astype(np.float64), images):
        x, y, w, h = x * scale - 0.5, y * scale - 0.5, w * scale, h * scale
        down = samples or math.ceil(h / rows)
        across = samples or math.ceil(w / columns)
        for i in range(rows):
            for j in range(columns):
                total = 0
                for r in range(down):
                    for c in range(across):
                        u = (j + (c + 0.5) / across) * w / columns - w / 2
                        v = (i + (r + 0.5) / down) * h / rows - h / 2
                        turned = complex(x, y) + complex(u, v) * complex(math.cos(angle), math.sin(angle))
                        total = total + bilinear(features[image], turned.real, turned.imag)
                pooled.append(total / (down * across))
    result = torch.stack(pooled).view(len(boxes), rows, columns, 6).permute(0, 3, 1, 2)
    probe = torch.randn_like(result)
    (result * probe).sum().backward()
    return {
        "features": features,
        "boxes": torch.from_numpy(boxes),
        "images": torch.from_numpy(images),
        "pooled": result,
        "probe": probe,
        "gradient": features.grad,
    }


def upright_anchors(random: np.random.Generator, count: int) -> np.ndarray:
    corner = random.uniform(0, 40, (count, 2))
    return np.concatenate([corner, corner + random.uniform(8, 60, (count, 2))], axis=1)


def midpoints() -> dict[str, Tensor]:
    """arXiv 2108.05699, Eqs. 1 and 2: the touching points come from cutting the polygon with the sides of its bounds."""
    random = np.random.default_rng(8)
    boxes = random_boxes(random, 300, 40, 8, 50)
    boxes[:, 4] = np.where(np.abs(np.sin(2 * boxes[:, 4])) < 0.05, 0.3, boxes[:, 4])  # no ties within rounding
    boxes[:20, 4] = 0
    boxes[20:40, 4] = -math.pi / 2
    anchors = upright_anchors(random, 300)
    encoded = []
    for box, anchor in zip(boxes, anchors):
        corners = corners_of(box[None])[0]
        x1, y1 = corners.min(axis=0)
        x2, y2 = corners.max(axis=0)
        px, py = (anchor[:2] + anchor[2:]) / 2
        pw, ph = anchor[2:] - anchor[:2]
        top = max(x for x, y in corners if y < y1 + 1e-6)
        side = max(y for x, y in corners if x > x2 - 1e-6)
        cx, cy, w, h = (x1 + x2) / 2, (y1 + y2) / 2, x2 - x1, y2 - y1
        encoded.append([(cx - px) / pw, (cy - py) / ph, math.log(w / pw), math.log(h / ph), (top - cx) / w / 0.5, (side - cy) / h / 0.5])
    deltas = random.normal(0, 0.4, (300, 6))
    decoded = []
    for delta, anchor in zip(deltas, anchors):
        px, py = (anchor[:2] + anchor[2:]) / 2
        pw, ph = anchor[2:] - anchor[:2]
        centre = complex(px + delta[0] * pw, py + delta[1] * ph)
        w, h = pw * math.exp(delta[2]), ph * math.exp(delta[3])
        top = complex(np.clip(delta[4] * 0.5, -0.5, 0.5) * w, -h / 2)
        side = complex(w / 2, np.clip(delta[5] * 0.5, -0.5, 0.5) * h)
        reach = max(abs(top), abs(side))
        top, side = top / abs(top) * reach, side / abs(side) * reach
        ends = [centre + top, centre + side, centre - top, centre - side]
        decoded.append([[end.real, end.imag] for end in ends])
    return {
        "boxes": torch.tensor(boxes),
        "anchors": torch.tensor(anchors),
        "encoded": torch.tensor(encoded),
        "deltas": torch.tensor(deltas),
        "decoded_corners": torch.tensor(decoded, dtype=torch.float64),
    }


def half_turn(angle: float) -> float:
    while angle >= math.pi / 2:
        angle -= math.pi
    while angle < -math.pi / 2:
        angle += math.pi
    return angle


def deltas() -> dict[str, Tensor]:
    """mmrotate's DeltaXYWHAOBBoxCoder for le90 with edge_swap and proj_xy, a box at a time."""
    random = np.random.default_rng(9)
    boxes, proposals = random_boxes(random, 300, 40), random_boxes(random, 300, 40)
    deviations = np.array([0.1, 0.1, 0.2, 0.2, 0.1])
    encoded, corners = [], []
    shifts = random.normal(0, 2, (300, 5))
    for (gx, gy, gw, gh, ga), (px, py, pw, ph, pa), shift in zip(boxes, proposals, shifts):
        offset = complex(gx - px, gy - py) * complex(math.cos(pa), -math.sin(pa))
        turn, swapped = half_turn(ga - pa), half_turn(ga - pa + math.pi / 2)
        if abs(turn) >= abs(swapped):
            turn, gw, gh = swapped, gh, gw
        encoded.append(np.array([offset.real / pw, offset.imag / ph, math.log(gw / pw), math.log(gh / ph), turn]) / deviations)
        dx, dy, dw, dh, da = shift * deviations
        centre = complex(px, py) + complex(dx * pw, dy * ph) * complex(math.cos(pa), math.sin(pa))
        corners.append(corners_of(np.array([[centre.real, centre.imag, pw * math.exp(dw), ph * math.exp(dh), pa + da]]))[0])
    return {
        "boxes": torch.tensor(boxes),
        "proposals": torch.tensor(proposals),
        "encoded": torch.tensor(np.array(encoded)),
        "deltas": torch.tensor(shifts),
        "decoded_corners": torch.tensor(np.array(corners)),
    }


def fixtures() -> dict[str, dict[str, Tensor]]:
    return {
        "rotated_pairs": pairs(),
        "rotated_nms": suppression(),
        "rotated_align_fixed": align(2),
        "rotated_align_adaptive": align(0),
        "rotated_midpoints": midpoints(),
        "rotated_deltas": deltas(),
    }
