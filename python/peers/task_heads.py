"""Task heads in plain PyTorch, named as the product's: what predict_scene.py puts on the backbone."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class ConvBlock(nn.Module):
    """Convolution without bias, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, kernel: int):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x: Tensor) -> Tensor:
        return F.relu(self.norm(self.conv(x)))


def resized(x: Tensor, size) -> Tensor:
    return F.interpolate(x, size=size, mode="bilinear", align_corners=False)


class UperNet(nn.Module):
    """arXiv 1807.10221 with mmsegmentation's defaults: levels [B, c_i, h_i, w_i] -> [B, classes, h_0, w_0]."""

    SCALES = (1, 2, 3, 6)

    def __init__(self, inputs: list[int], classes: int, channels: int):
        super().__init__()
        self.pooling = nn.ModuleList(ConvBlock(inputs[-1], channels, 1) for _ in self.SCALES)
        self.bottleneck = ConvBlock(inputs[-1] + len(self.SCALES) * channels, channels, 3)
        self.lateral_convs = nn.ModuleList(ConvBlock(count, channels, 1) for count in inputs[:-1])
        self.fpn_convs = nn.ModuleList(ConvBlock(channels, channels, 3) for _ in inputs[:-1])
        self.fpn_bottleneck = ConvBlock(len(inputs) * channels, channels, 3)
        self.classifier = nn.Conv2d(channels, classes, 1)

    def forward(self, levels: list[Tensor]) -> Tensor:
        top = levels[-1]
        pooled = [resized(block(F.adaptive_avg_pool2d(top, scale)), top.shape[2:]) for scale, block in zip(self.SCALES, self.pooling)]
        pyramid = [lateral(level) for lateral, level in zip(self.lateral_convs, levels)]
        pyramid.append(self.bottleneck(torch.cat([top, *pooled], 1)))
        for i in reversed(range(len(pyramid) - 1)):
            pyramid[i] = pyramid[i] + resized(pyramid[i + 1], pyramid[i].shape[2:])
        pyramid = [*(conv(level) for conv, level in zip(self.fpn_convs, pyramid)), pyramid[-1]]
        joined = torch.cat([pyramid[0], *(resized(level, pyramid[0].shape[2:]) for level in pyramid[1:])], 1)
        return self.classifier(self.fpn_bottleneck(joined))


class Segmenter(nn.Module):
    """Tokenizer and backbone of one modality with UperNet on its four stages: image [B, C, H, W] -> logits there."""

    def __init__(self, skysense: nn.Module, modality: str, classes: int, channels: int):
        super().__init__()
        self.skysense = skysense
        self.modality = modality
        self.head = UperNet([skysense.backbone.options.dim << stage for stage in range(4)], classes, channels)

    def forward(self, image: Tensor) -> Tensor:
        stages, _ = self.skysense.encode(self.modality, image)
        return resized(self.head([stage.permute(0, 3, 1, 2) for stage in stages]), image.shape[2:])
