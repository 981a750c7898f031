"""Upright boxes beside torchvision: overlaps, suppression, RoIAlign, pooling from a pyramid, deltas, anchors."""

import torch
import torchvision
from torch import Tensor
from torchvision.models.detection._utils import BoxCoder
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.image_list import ImageList
from torchvision.ops import MultiScaleRoIAlign, batched_nms, box_iou, nms, roi_align
from torchvision.ops.poolers import LevelMapper


def boxes_in(count: int, side: float, largest: float) -> Tensor:
    corner = torch.rand(count, 2) * side
    return torch.cat([corner, corner + 1 + torch.rand(count, 2) * largest], dim=1)


def overlaps() -> dict[str, Tensor]:
    first, second = boxes_in(300, 100, 60), boxes_in(211, 100, 60)
    return {"first": first, "second": second, "iou": box_iou(first, second)}


def suppression() -> dict[str, Tensor]:
    boxes = torch.cat([boxes_in(2000, 200, 40), boxes_in(300, 200, 400), boxes_in(700, 200, 3)])
    boxes[2500:] = boxes[:500]  # doubles
    scores = (torch.rand(len(boxes)) * 400).round() / 400  # many equal
    classes = torch.randint(0, 4, (len(boxes),))
    found = {"boxes": boxes, "scores": scores, "classes": classes}
    for percent in (0, 30, 50, 70):
        found[f"kept_{percent}"] = nms(boxes, scores, percent / 100)
        # One class after another: batched_nms' shifted coordinates are rounded.
        parts = [mine[nms(boxes[mine], scores[mine], percent / 100)] for mine in ((classes == k).nonzero().squeeze(1) for k in range(4))]
        together = torch.cat(parts).sort().values
        order = scores[together].sort(descending=True, stable=True).indices
        found[f"kept_by_class_{percent}"] = together[order]
    assert set(batched_nms(boxes.double(), scores.double(), classes, 0.5).tolist()) == set(found["kept_by_class_50"].tolist())
    return found


def align(channels: int, bins: tuple[int, int], samples: int) -> dict[str, Tensor]:
    features = torch.randn(2, channels, 19, 23, requires_grad=True)
    boxes = boxes_in(40, 150, 90)
    boxes[:8] -= 60  # some beyond the edges of the image, which is 152 x 184
    boxes[8:12] += 120
    boxes[12, 2:] = boxes[12, :2]  # of no size
    images = torch.randint(0, 2, (40,))
    rois = torch.cat([images[:, None].float(), boxes], dim=1)
    pooled = roi_align(features, rois, bins, 1 / 8, samples if samples > 0 else -1, aligned=True)
    probe = torch.randn_like(pooled)
    (pooled * probe).sum().backward()
    return {"features": features, "boxes": boxes, "images": images, "pooled": pooled, "probe": probe, "gradient": features.grad}


def pyramid() -> dict[str, Tensor]:
    levels = [torch.randn(2, 5, 256 // 2**i, 256 // 2**i) for i in range(4)]
    boxes = torch.cat([boxes_in(30, 900, 80), boxes_in(30, 600, 400), boxes_in(20, 100, 900)])
    images = torch.cat([torch.zeros(40), torch.ones(40)]).long()
    pooler = MultiScaleRoIAlign(["0", "1", "2", "3"], 7, 2)
    # torchvision's pooler calls roi_align with aligned = False; the levels are its own, the samples ours.
    mapper = LevelMapper(2, 5)
    target = mapper([boxes])
    assert pooler.sampling_ratio == 2
    pooled = torch.empty(len(boxes), 5, 7, 7)
    for level, features in enumerate(levels):
        mine = target == level
        rois = torch.cat([images[mine, None].float(), boxes[mine]], dim=1)
        pooled[mine] = roi_align(features, rois, 7, 1 / (4 * 2**level), 2, aligned=True)
    found = {f"level{i}": level for i, level in enumerate(levels)}
    return found | {"boxes": boxes, "images": images, "target": target, "pooled": pooled}


def coder() -> dict[str, Tensor]:
    boxes, anchors = boxes_in(200, 100, 60), boxes_in(200, 100, 60)
    found = {"boxes": boxes, "anchors": anchors}
    for name, weights in (("plain", (1.0, 1.0, 1.0, 1.0)), ("head", (10.0, 10.0, 5.0, 5.0))):
        box_coder = BoxCoder(weights)
        deltas = torch.randn(200, 12) * torch.tensor(weights * 3)
        found |= {
            f"{name}_encoded": box_coder.encode_single(boxes, anchors),
            f"{name}_deltas": deltas.view(200, 3, 4),
            f"{name}_decoded": box_coder.decode_single(deltas, anchors).view(200, 3, 4),
        }
    return found


def anchors() -> dict[str, Tensor]:
    generator = AnchorGenerator(((32, 40.3), (64,)), ((0.5, 1.0, 2.0), (0.5, 1.0, 3.7)))
    maps = [torch.zeros(1, 1, 12, 16), torch.zeros(1, 1, 6, 8)]
    images = ImageList(torch.zeros(1, 3, 96, 128), [(96, 128)])
    found = generator(images, maps)[0]
    first = 12 * 16 * 6
    return {"level0": found[:first], "level1": found[first:]}


def fixtures() -> dict[str, dict[str, Tensor]]:
    assert torchvision.__version__
    return {
        "boxes_iou": overlaps(),
        "boxes_nms": suppression(),
        "boxes_align_fixed": align(70, (7, 7), 2),
        "boxes_align_adaptive": align(130, (3, 5), 0),
        "boxes_pyramid": pyramid(),
        "boxes_coder": coder(),
        "boxes_anchors": anchors(),
    }
