"""torchvision's Faster R-CNN on the peer's backbone: what benchmarks/detect.py and python/parity/detection.py compare with."""

import functools
import json
import pathlib
import re

import torch
import torchvision.ops.poolers
import yaml
from safetensors.torch import load_file
from torch import Tensor, nn
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.models.detection.image_list import ImageList
from torchvision.models.detection.roi_heads import RoIHeads
from torchvision.models.detection.rpn import RegionProposalNetwork, RPNHead
from torchvision.ops import FeaturePyramidNetwork, MultiScaleRoIAlign, roi_align
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool

from peers.backbone import Options, SkySense

POOLED_LEVELS = [str(i) for i in range(4)]


class PyramidBackbone(nn.Module):
    """The peer's four stages of HR images and torchvision's pyramid."""

    def __init__(self, options: Options, channels: dict[str, int], out_channels: int):
        super().__init__()
        self.out_channels = out_channels
        self.body = SkySense(options, channels)
        self.fpn = FeaturePyramidNetwork([options.dim << i for i in range(4)], out_channels, LastLevelMaxPool())

    def forward(self, images: Tensor) -> dict[str, Tensor]:
        stages, _ = self.body.encode("hr", images)
        return self.fpn({str(i): stage.permute(0, 3, 1, 2) for i, stage in enumerate(stages)})


def product_name(name: str) -> str:
    """The product's name of a parameter of FasterRCNN, or of FasterRcnn below, on that backbone."""
    name = re.sub(r"inner_blocks\.(\d+)\.0\.", r"lateral_convs.\1.", name)
    name = re.sub(r"layer_blocks\.(\d+)\.0\.", r"fpn_convs.\1.", name)
    for old, new in (("backbone.body.", "model."), ("backbone.fpn.", "neck."), ("rpn.head.conv.0.0.", "rpn.conv."),
                     ("rpn.head.", "rpn."), ("roi_heads.box_head.", "roi_head."), ("roi_heads.box_predictor.", "roi_head.")):
        name = name.replace(old, new) if name.startswith(old) else name
    return name


def in_float32(outputs):
    """Of tensors in lists, tuples and dictionaries."""
    if isinstance(outputs, Tensor):
        return outputs.float()
    if isinstance(outputs, dict):
        return {name: in_float32(output) for name, output in outputs.items()}
    return type(outputs)(in_float32(output) for output in outputs)


class FasterRcnn(nn.Module):
    """torchvision's FasterRCNN without the step that resizes and normalises images: tiles come as the network wants them.

    `detection` is config.yaml's group of that name. Boxes, scores and the features that are pooled are float32 under autocast
    too: torchvision has them in bfloat16 otherwise, in which anchors beyond 256 pixels move.
    """

    def __init__(self, options: Options, channels: dict[str, int], detection: dict, classes: int, score: float):
        super().__init__()
        rpn, head, width = detection["rpn"], detection["roi_head"], detection["channels"]
        own = lambda value, default: default if value < 0 else value
        sizes, ratios = rpn["anchor_sizes"], tuple(rpn["anchor_ratios"])
        assert len(sizes) == 5, "a pyramid of four stages and one level above them"
        before, after = own(rpn["proposals_before"], 1000), own(rpn["proposals"], 1000)
        self.backbone = PyramidBackbone(options, channels, width)
        self.rpn = RegionProposalNetwork(
            AnchorGenerator(tuple((size,) for size in sizes), (ratios,) * len(sizes)), RPNHead(width, len(ratios)),
            rpn["foreground_iou"], rpn["background_iou"], rpn["samples"], rpn["positive_share"],
            {"training": before, "testing": before}, {"training": after, "testing": after}, own(rpn["nms_iou"], 0.7))
        self.roi_heads = RoIHeads(
            MultiScaleRoIAlign(POOLED_LEVELS, head["pool"], head["sampling_ratio"]),
            TwoMLPHead(width * head["pool"] ** 2, head["hidden"]), FastRCNNPredictor(head["hidden"], classes + 1),
            head["foreground_iou"], head["background_iou"], head["samples"], head["positive_share"], None,
            max(detection["score_threshold"], score), own(detection["nms_iou"], 0.5), own(detection["detections"], 100))
        for part in (self.backbone, self.rpn.head, self.roi_heads.box_predictor):
            part.register_forward_hook(lambda module, inputs, outputs: in_float32(outputs))

    def forward(self, images: Tensor) -> list[dict[str, Tensor]]:
        """images [B, C, H, W] -> of each `boxes`, `scores` and `labels`, which begin at 1."""
        levels, proposals, sizes = self.propose(images)
        return self.roi_heads(levels, proposals, sizes)[0]

    def propose(self, images: Tensor) -> tuple[dict[str, Tensor], list[Tensor], list[tuple[int, int]]]:
        """The pyramid, each image's proposals and size."""
        sizes = [tuple(images.shape[2:])] * len(images)
        levels = self.backbone(images)
        return levels, self.rpn(ImageList(images, sizes), levels)[0], sizes


def align_pixel_centres() -> None:
    """Makes MultiScaleRoIAlign pool with aligned=True, as the product does; torchvision has no argument for it."""
    torchvision.ops.poolers.roi_align = functools.partial(roi_align, aligned=True)


def load_detector(checkpoint: pathlib.Path, score: float = 0.0) -> tuple[FasterRcnn, dict, dict]:
    """A fine-tuned checkpoint's detector with the least score of what it finds, its sensor's contract and task.json."""
    task = json.loads((checkpoint / "task.json").read_text())
    config = yaml.safe_load((checkpoint / "config.yaml").read_text())
    sensors = json.loads((checkpoint / "contract.json").read_text())["sensors"]
    assert config["task"]["head"] == "faster-rcnn" and task["output"] == "hr", "Faster R-CNN of HR images is wanted"
    model = config["model"]
    align_pixel_centres()
    network = FasterRcnn(Options(dim=model["dim"], depths=tuple(model["depths"])), {name: len(sensor["bands"]) for name, sensor in sensors.items()},
                         config["detection"], len(task["classes"]), score)
    weights = load_file(checkpoint / "teacher.safetensors")
    network.load_state_dict({name: weights[product_name(name).removeprefix("model.")] for name in network.state_dict()})
    return network.eval(), sensors["hr"], task
