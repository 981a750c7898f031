"""Times torchvision, shapely and plain PyTorch on what `skysense bench --boxes` times: python -m peers.bench_boxes.

RoIAlign and suppression of upright boxes are torchvision's. Oriented boxes have no operations there: their overlaps come
from shapely (GEOS) on a part of the pairs and from polygons in plain PyTorch; their suppression is a loop over those
overlaps of near pairs. The inputs come from the same generator in the same order. Prints one JSON line with the same keys.
"""

import argparse
import json
import math
import statistics
import time

import numpy
import shapely
import torch
from torch import Tensor
from torchvision.ops import box_iou, nms, roi_align

PART = 50  # rows of the table of overlaps: these take seconds for more


class Numbers:
    def __init__(self):
        self.generator = torch.Generator().manual_seed(7)

    def __call__(self, *sizes: int) -> Tensor:
        return torch.rand(sizes, generator=self.generator)


def upright(numbers: Numbers, count: int, side: float, least: float, largest: float) -> Tensor:
    corner = numbers(count, 2) * side
    return torch.cat([corner, corner + least + numbers(count, 2) * (largest - least)], dim=1)


def rotated(numbers: Numbers, count: int, side: float, least: float, largest: float) -> Tensor:
    x, y, a, b, angle = numbers(count, 5).unbind(1)
    a, b = a * (largest - least) + least, b * (largest - least) + least
    return torch.stack([x * side, y * side, torch.maximum(a, b), torch.minimum(a, b), (angle - 0.5) * math.pi], dim=1)


def corners(boxes: Tensor) -> Tensor:
    """[..., 5] -> [..., 4, 2]"""
    signs = boxes.new_tensor([[-0.5, -0.5], [0.5, -0.5], [0.5, 0.5], [-0.5, 0.5]])
    across, down = signs[:, 0] * boxes[..., 2:3], signs[:, 1] * boxes[..., 3:4]
    cosine, sine = boxes[..., 4:5].cos(), boxes[..., 4:5].sin()
    return torch.stack([boxes[..., 0:1] + across * cosine - down * sine, boxes[..., 1:2] + across * sine + down * cosine], dim=-1)


def cross(a: Tensor, b: Tensor) -> Tensor:
    return a[..., 0] * b[..., 1] - a[..., 1] * b[..., 0]


def inside(points: Tensor, boxes: Tensor) -> Tensor:
    offset = points - boxes[..., None, :2]
    cosine, sine = boxes[..., 4:5].cos(), boxes[..., 4:5].sin()
    along = offset[..., 0] * cosine + offset[..., 1] * sine
    across = offset[..., 1] * cosine - offset[..., 0] * sine
    return (along.abs() <= boxes[..., 2:3] / 2 + 1e-5) & (across.abs() <= boxes[..., 3:4] / 2 + 1e-5)


def polygon_iou(a: Tensor, b: Tensor) -> Tensor:
    """[P, 5], [P, 5] -> [P] as detection libraries write it: crossings of sides and corners inside, sorted around their mean."""
    p, q = corners(a), corners(b)
    sides_p, sides_q = p.roll(-1, 1) - p, q.roll(-1, 1) - q
    between = q[:, None] - p[:, :, None]
    divisor = cross(sides_p[:, :, None], sides_q[:, None])
    safe = torch.where(divisor.abs() < 1e-9, 1.0, divisor)
    t, u = cross(between, sides_q[:, None]) / safe, cross(between, sides_p[:, :, None]) / safe
    crossing = (divisor.abs() >= 1e-9) & (t >= 0) & (t <= 1) & (u >= 0) & (u <= 1)
    points = torch.cat([(p[:, :, None] + t[..., None] * sides_p[:, :, None]).flatten(1, 2), p, q], dim=1)
    counted = torch.cat([crossing.flatten(1), inside(p, b), inside(q, a)], dim=1)
    number = counted.sum(1, keepdim=True).clamp(min=1)
    points = points - (points * counted[..., None]).sum(1, keepdim=True) / number[..., None]
    angle = torch.atan2(points[..., 1], points[..., 0]).masked_fill(~counted, 10)
    order = angle.argsort(1)
    points, counted = points.gather(1, order[..., None].expand(-1, -1, 2)), counted.gather(1, order)
    points = torch.where(counted[..., None], points, points[:, :1])
    shared = cross(points, points.roll(-1, 1)).sum(1).abs() / 2
    area = lambda boxes: boxes[:, 2] * boxes[:, 3]
    return shared / (area(a) + area(b) - shared)


def shapely_table(a: Tensor, b: Tensor) -> Tensor:
    first, second = (shapely.polygons(corners(boxes.double()).numpy()) for boxes in (a, b))
    shared = shapely.area(shapely.intersection(first[:, None], second[None]))
    return torch.from_numpy(shared / (shapely.area(first)[:, None] + shapely.area(second)[None] - shared))


def rotated_nms(boxes: Tensor, scores: Tensor, threshold: float) -> Tensor:
    """Near pairs from a tree of bounds, their overlaps from GEOS at once, then the loop."""
    polygons = shapely.polygons(corners(boxes.double()).numpy())
    first, second = shapely.STRtree(polygons).query(polygons)
    order = torch.sort(scores, descending=True, stable=True).indices.numpy()
    rank = numpy.empty(len(order), dtype=int)
    rank[order] = numpy.arange(len(order))
    below = rank[first] < rank[second]
    first, second = first[below], second[below]
    area = shapely.area(polygons)
    shared = shapely.area(shapely.intersection(polygons[first], polygons[second]))
    over = shared > threshold * (area[first] + area[second] - shared)
    first, second = first[over], second[over]
    by_first = numpy.argsort(rank[first], kind="stable")
    first, second = first[by_first], second[by_first]
    starts = numpy.searchsorted(rank[first], numpy.arange(len(order) + 1))
    suppressed = numpy.zeros(len(order), dtype=bool)
    for i, box in enumerate(order):
        if not suppressed[box]:
            suppressed[second[starts[i] : starts[i + 1]]] = True
    return torch.from_numpy(order[~suppressed[order]])


class Report:
    def __init__(self, iterations: int):
        self.iterations, self.seconds, self.sums = iterations, {}, {}

    def time(self, name: str, run, once: bool = False) -> None:
        self.sums[name] = run().double().sum().item()
        times = []
        for _ in range(1 if once else self.iterations):
            start = time.perf_counter()
            run()
            times.append(time.perf_counter() - start)
        self.seconds[name] = statistics.median(times)


def time_alignment(report: Report) -> None:
    numbers = Numbers()
    features = numbers(2, 256, 200, 200)

    def gradient(rois: Tensor, samples: int) -> Tensor:
        leaf = features.detach().requires_grad_()
        roi_align(leaf, rois, 7, 0.25, samples, aligned=True).sum().backward()
        return leaf.grad

    for count in (1000, 32):
        boxes, _ = upright(numbers, count, 700, 16, 112), rotated(numbers, count, 800, 16, 112)
        rois = torch.cat([torch.arange(count).remainder(2)[:, None].float(), boxes], dim=1)
        for samples in (2, -1):
            name = f"align_{count}" if samples > 0 else f"align_adaptive_{count}"
            report.time(name, lambda: roi_align(features, rois, 7, 0.25, samples, aligned=True))
            report.time(f"{name}_gradient", lambda: gradient(rois, samples))


def time_suppression(report: Report, slow: bool, counts: tuple[int, ...] = (2000, 20000)) -> None:
    numbers = Numbers()
    for count in counts:
        boxes, scores = upright(numbers, count, 800, 16, 112), numbers(count)
        report.time(f"nms_{count}", lambda: nms(boxes, scores, 0.7))
    objects = rotated(numbers, 20000, 10000, 10, 60)
    jitter = torch.cat([numbers(100000, 2) * 4, numbers(100000, 2) * 4, numbers(100000, 1) * 0.2], dim=1)
    boxes, scores = objects.repeat(5, 1) + jitter, numbers(100000)
    if slow:
        report.time("nms_rotated_100000", lambda: rotated_nms(boxes, scores, 0.3), once=True)


def time_overlaps(report: Report, slow: bool) -> None:
    numbers = Numbers()
    first, second = upright(numbers, 100000, 800, 16, 112), upright(numbers, 100, 800, 16, 112)
    report.time("iou_100000x100", lambda: box_iou(first, second))
    a, b = rotated(numbers, 2000, 5, 10, 60), rotated(numbers, 2000, 5, 10, 60)
    if slow:
        part = a[:PART]
        report.time("rotated_iou_50x2000", lambda: polygon_iou(part.repeat_interleave(len(b), 0), b.repeat(PART, 1)), once=True)
        report.time("shapely_iou_50x2000", lambda: shapely_table(part, b), once=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--iterations", type=int, default=5)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--boxes", default="all", choices=["align", "suppress", "overlap", "all"])
    parser.add_argument("--slow", action="store_true", help="the oriented operations too, which take seconds")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    report = Report(arguments.iterations)
    if arguments.boxes in ("align", "all"):
        time_alignment(report)
    if arguments.boxes in ("suppress", "all"):
        time_suppression(report, arguments.slow)
    if arguments.boxes in ("overlap", "all"):
        time_overlaps(report, arguments.slow)
    print(json.dumps({"threads": arguments.threads, "seconds": report.seconds, "sums": report.sums}))


if __name__ == "__main__":
    main()
