"""Faster R-CNN: torchvision's own modules on the peer's backbone, its RoIAlign with aligned = True (pixel centres at halves).

Sampling is random on both sides: here every anchor and proposal is in the sample. Losses are those of each image by itself, which
torchvision divides as the product does.
"""

import functools
from unittest import mock

import torch
from parity.common import randomise, weights_and_gradients
from peers.backbone import Options
from peers.detector import PyramidBackbone, product_name
from torch import Tensor
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.ops import FeaturePyramidNetwork, MultiScaleRoIAlign, roi_align
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool

HEIGHT, WIDTH = 128, 192  # multiples of the coarsest stride: torchvision takes strides from the sizes of maps
CHANNELS, HIDDEN, CLASSES = 16, 24, 3
SIZES = (8, 16, 32, 64, 128)
ALL = 1_000_000
SMALL = Options(depths=(1, 1, 1, 1), position_grid=12)
PYRAMID_INPUTS = [8, 16, 24, 32]
PYRAMIDS = {
    "pyramid_odd": [(17, 13), (9, 7), (5, 4), (3, 2)],
    "pyramid_equal_strides": [(6, 5)] * 4,  # patch merging that keeps the resolution
}


def renamed(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """Of weights_and_gradients, whose names begin with what the tensor is."""
    return {f"{kind}.{product_name(name)}": value for key, value in tensors.items() for kind, name in [key.split(".", 1)]}


def make_detector(options: Options) -> FasterRCNN:
    return FasterRCNN(
        PyramidBackbone(options, {"hr": 3}, CHANNELS), min_size=HEIGHT, max_size=WIDTH, image_mean=[0.0] * 3, image_std=[1.0] * 3, size_divisible=1,
        rpn_anchor_generator=AnchorGenerator(tuple((size,) for size in SIZES), ((0.5, 1.0, 2.0),) * len(SIZES)),
        rpn_pre_nms_top_n_train=60, rpn_post_nms_top_n_train=90, rpn_pre_nms_top_n_test=50, rpn_post_nms_top_n_test=60,
        rpn_batch_size_per_image=ALL, box_batch_size_per_image=ALL, box_detections_per_img=40, box_score_thresh=0.2,
        box_roi_pool=MultiScaleRoIAlign([str(i) for i in range(4)], 7, 2),
        box_head=TwoMLPHead(CHANNELS * 49, HIDDEN), box_predictor=FastRCNNPredictor(HIDDEN, CLASSES + 1))


def random_boxes(count: int, least: float = 6, most: float = 70) -> Tensor:
    sides = torch.rand(count, 2) * (most - least) + least
    corners = torch.rand(count, 2) * (torch.tensor([WIDTH, HEIGHT]) - sides)
    return torch.cat([corners, corners + sides], dim=1)


def faster_rcnn() -> dict[str, Tensor]:
    model = make_detector(SMALL)
    randomise(model.backbone.body, 0.02)
    for part in (model.backbone.fpn, model.rpn, model.roi_heads):
        randomise(part, 0.1)
    images = torch.randn(2, 3, HEIGHT, WIDTH)
    # The first image has many objects, the second none.
    objects = [random_boxes(9), torch.zeros(0, 4)]
    targets = [{"boxes": boxes, "labels": torch.randint(1, CLASSES + 1, (len(boxes),))} for boxes in objects]
    tensors = {"images": images}
    with mock.patch("torchvision.ops.poolers.roi_align", functools.partial(roi_align, aligned=True)):
        total = torch.zeros(())
        for i, (image, target) in enumerate(zip(images, targets)):
            losses = model.train()([image], [target])
            total = total + sum(losses.values()) / len(images)
            tensors |= {f"{i}.{name}": value for name, value in losses.items()}
            tensors |= {f"{i}.objects": target["boxes"], f"{i}.classes": target["labels"] - 1}
        total.backward()
        with torch.no_grad():
            for i, found in enumerate(model.eval()(list(images))):
                assert 5 < len(found["boxes"]) <= 40, "the case has lost its point"
                tensors |= {f"{i}.boxes": found["boxes"], f"{i}.scores": found["scores"], f"{i}.labels": found["labels"] - 1}
    for name, parameter in model.named_parameters():
        if parameter.grad is None:  # of sensors that are not there
            assert name.endswith(("prompts.ms", "prompts.sar")), name
            parameter.grad = torch.zeros_like(parameter)
    return tensors | renamed(weights_and_gradients(model))


def pyramid(sizes: list[tuple[int, int]]) -> dict[str, Tensor]:
    module = FeaturePyramidNetwork(PYRAMID_INPUTS, CHANNELS, LastLevelMaxPool())
    randomise(module)
    levels = [torch.randn(2, c, *size, requires_grad=True) for c, size in zip(PYRAMID_INPUTS, sizes)]
    outputs = module({str(i): level for i, level in enumerate(levels)})
    tensors, loss = {}, torch.zeros(())
    for i, output in enumerate(outputs.values()):
        probe = torch.randn_like(output)
        loss = loss + (output * probe).sum()
        tensors |= {f"output.{i}": output, f"probe.{i}": probe}
    loss.backward()
    for i, level in enumerate(levels):
        tensors |= {f"level.{i}": level, f"level_gradient.{i}": level.grad}
    return tensors | renamed(weights_and_gradients(module))


def fixtures() -> dict[str, dict[str, Tensor]]:
    return {f"detection_{name}": pyramid(sizes) for name, sizes in PYRAMIDS.items()} | {"detection_faster_rcnn": faster_rcnn()}
