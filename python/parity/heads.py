"""Fixtures of the task heads. UperNet and FCN are transformers' own (after mmsegmentation); BIT, the U-Net decoder and the
linear head are written here as their papers describe them, with torch's layers.

Each has values and gradients in training mode, its moving statistics before that pass, and the values in evaluation mode
after it.
"""

import re
import types

import torch
import torch.nn.functional as F
from sklearn.metrics import log_loss
from torch import Tensor, nn
from transformers.models.upernet.modeling_upernet import UperNetFCNHead, UperNetHead

from parity.common import randomise

CHANNELS = [8, 16, 24, 32]
ODD = [(17, 13), (9, 7), (5, 4), (3, 2)]
EQUAL = [(6, 5)] * 4  # patch merging that keeps the resolution
BATCH, CLASSES, WIDTH = 2, 5, 12


def product_name(name: str) -> str:
    """The product's name of a transformers parameter."""
    return re.sub(r"psp_modules\.(\d+)\.1\.", r"pooling.\1.", name).replace("batch_norm", "norm")


def record(head: nn.Module, levels: dict[str, Tensor], run) -> dict[str, Tensor]:
    """`run(head, levels)` in training mode, its gradients, and the same in evaluation mode."""
    randomise(head)
    tensors = {}
    with torch.no_grad():
        for name, buffer in head.named_buffers():
            if "running" in name:
                buffer.copy_(torch.rand_like(buffer) + 0.5)
            tensors[f"buffers.{product_name(name)}"] = buffer.clone()
    levels = {name: level.requires_grad_() for name, level in levels.items()}
    output = head.train() and run(head, levels)
    tensors |= {"output": output, "output_gradient": torch.randn_like(output)}
    (output * tensors["output_gradient"]).sum().backward()
    for name, level in levels.items():
        tensors |= {f"levels.{name}": level, f"level_gradients.{name}": level.grad}
    for name, parameter in head.named_parameters():
        tensors[f"weights.{product_name(name)}"] = parameter
        tensors[f"gradients.{product_name(name)}"] = parameter.grad
    tensors["evaluated"] = run(head.eval(), levels)
    return tensors


def pyramid(sizes, prefix="") -> dict[str, Tensor]:
    return {f"{prefix}{i}": torch.randn(BATCH, c, *size) for i, (c, size) in enumerate(zip(CHANNELS, sizes))}


def listed(levels: dict[str, Tensor], prefix="") -> list[Tensor]:
    return [levels[f"{prefix}{i}"] for i in range(len(CHANNELS))]


def config(**changes):
    defaults = dict(pool_scales=(1, 2, 3, 6), hidden_size=WIDTH, num_labels=CLASSES, auxiliary_in_channels=None,
                    auxiliary_channels=WIDTH, auxiliary_num_convs=2, auxiliary_concat_input=True)
    return types.SimpleNamespace(**(defaults | changes))


def uper_net(sizes, group_norm=False):
    head = UperNetHead(config(), CHANNELS)
    if group_norm:
        for module in list(head.modules()):
            if hasattr(module, "batch_norm"):
                module.batch_norm = nn.GroupNorm(4, WIDTH)
    return record(head, pyramid(sizes), lambda h, levels: h(listed(levels)))


def fcn(**changes):
    head = UperNetFCNHead(config(**changes), CHANNELS, in_index=0)
    return record(head, {"0": torch.randn(BATCH, CHANNELS[0], 7, 5)}, lambda h, levels: h([levels["0"]]))


class Linear(nn.Module):
    def __init__(self):
        super().__init__()
        self.classifier = nn.Linear(CHANNELS[0], CLASSES)

    def forward(self, levels):
        x, weight = levels["0"], levels["weight"]
        rows = []
        for image, w in zip(x, weight):
            total = sum(image[:, i, j] * w[i, j] for i in range(7) for j in range(5))
            rows.append(total / w.sum())
        return self.classifier(torch.stack(rows))


class BitLayer(nn.Module):
    """Attention one head after another."""

    def __init__(self, dim, heads, width, hidden):
        super().__init__()
        self.heads, self.width = heads, width
        self.norm1, self.norm2 = nn.LayerNorm(dim), nn.LayerNorm(dim)
        for name in ("query", "key", "value"):
            setattr(self, name, nn.Linear(dim, heads * width, bias=False))
        self.proj = nn.Linear(heads * width, dim)
        self.fc1, self.fc2 = nn.Linear(dim, hidden), nn.Linear(hidden, dim)

    def forward(self, x, tokens):
        q, k, v = self.query(self.norm1(x)), self.key(self.norm1(tokens)), self.value(self.norm1(tokens))
        parts = []
        for h in range(self.heads):
            own = slice(h * self.width, (h + 1) * self.width)
            weights = torch.softmax(torch.einsum("bnc,blc->bnl", q[..., own], k[..., own]) / x.shape[-1] ** 0.5, dim=-1)
            parts.append(torch.einsum("bnl,blc->bnc", weights, v[..., own]))
        x = x + self.proj(torch.cat(parts, dim=-1))
        return x + self.fc2(F.gelu(self.fc1(self.norm2(x))))


class ConvBlock(nn.Module):
    def __init__(self, inputs, outputs, kernel):
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, kernel, padding=kernel // 2, bias=False)
        self.norm = nn.BatchNorm2d(outputs)

    def forward(self, x):
        return F.relu(self.norm(self.conv(x)))


class Bit(nn.Module):
    """arXiv 2103.00208 after its backbone: semantic tokens, encoder over both dates' tokens, decoder, difference."""

    DIM, TOKENS, HEADS, ENCODER_WIDTH, DECODER_WIDTH, HIDDEN = 16, 3, 2, 12, 4, 20

    def __init__(self):
        super().__init__()
        self.lateral_convs = nn.ModuleList([nn.Conv2d(c, self.DIM, 1) for c in CHANNELS])
        self.reduce = nn.Conv2d(self.DIM, self.DIM, 3, padding=1)
        self.token_attention = nn.Conv2d(self.DIM, self.TOKENS, 1, bias=False)
        self.position_embedding = nn.Parameter(torch.randn(2 * self.TOKENS, self.DIM))
        self.encoder = nn.ModuleList([BitLayer(self.DIM, self.HEADS, self.ENCODER_WIDTH, self.HIDDEN) for _ in range(1)])
        self.decoder = nn.ModuleList([BitLayer(self.DIM, self.HEADS, self.DECODER_WIDTH, self.HIDDEN) for _ in range(2)])
        self.change_conv = ConvBlock(self.DIM, self.DIM, 3)
        self.classifier = nn.Conv2d(self.DIM, 2, 3, padding=1)

    def reduced(self, levels):
        resized = [F.interpolate(level, size=levels[0].shape[2:], mode="bilinear", align_corners=False) for level in levels]
        # One 1x1 convolution over the levels joined is the sum of one a level.
        weight = torch.cat([conv.weight for conv in self.lateral_convs], dim=1)
        bias = sum(conv.bias for conv in self.lateral_convs)
        return self.reduce(F.conv2d(torch.cat(resized, dim=1), weight, bias))

    def semantic_tokens(self, x):
        share = torch.softmax(self.token_attention(x).flatten(2), dim=-1)
        return torch.einsum("bln,bcn->blc", share, x.flatten(2))

    def forward(self, levels):
        maps = [self.reduced(listed(levels, prefix)) for prefix in ("before.", "after.")]
        tokens = torch.cat([self.semantic_tokens(x) for x in maps], dim=1) + self.position_embedding[None]
        for layer in self.encoder:
            tokens = layer(tokens, tokens)
        refined = []
        for x, own in zip(maps, (tokens[:, : self.TOKENS], tokens[:, self.TOKENS :])):
            pixels = x.flatten(2).permute(0, 2, 1)
            for layer in self.decoder:
                pixels = layer(pixels, own)
            refined.append(pixels.permute(0, 2, 1).reshape(x.shape))
        difference = F.interpolate((refined[0] - refined[1]).abs(), size=(35, 27), mode="bilinear", align_corners=False)
        return self.classifier(self.change_conv(difference))


class UNet(nn.Module):
    """A U-Net's decoder on absolute differences, level by level."""

    WIDTHS = [20, 16, 12, 8]

    def __init__(self):
        super().__init__()
        inputs = [CHANNELS[3], *(w + c for w, c in zip(self.WIDTHS, reversed(CHANNELS[:3])))]
        self.blocks = nn.ModuleList([nn.Sequential(ConvBlock(i, w, 3), ConvBlock(w, w, 3)) for i, w in zip(inputs, self.WIDTHS)])
        self.classifier = nn.Conv2d(self.WIDTHS[-1], 1, 1)

    def forward(self, levels):
        differences = [(b - a).abs() for b, a in zip(listed(levels, "before."), listed(levels, "after."))]
        x = self.blocks[0](differences[3])
        for block, skip in zip(self.blocks[1:], (differences[2], differences[1], differences[0])):
            x = F.interpolate(x, size=skip.shape[2:], mode="bilinear", align_corners=False)
            x = block(torch.cat([x, skip], dim=1))
        return self.classifier(x)


def change(head, sizes=ODD):
    return record(head, pyramid(sizes, "before.") | pyramid(sizes, "after."), lambda h, levels: h(levels))


def semantic_change() -> dict[str, Tensor]:
    """The odds that two draws differ, pixel by pixel in float64."""
    before, after = (3 * torch.randn(BATCH, CLASSES, 3, 4, dtype=torch.float64, requires_grad=True) for _ in range(2))
    before.retain_grad(), after.retain_grad()
    same = (before.softmax(1) * after.softmax(1)).sum(1, keepdim=True)
    output = torch.log((1 - same) / same)
    gradient = torch.randn_like(output)
    (output * gradient).sum().backward()
    return {"before": before.float(), "after": after.float(), "output": output.float(), "output_gradient": gradient.float(),
            "before_gradient": before.grad.float(), "after_gradient": after.grad.float()}


def losses() -> dict[str, Tensor]:
    """scikit-learn's log loss on what is left after the ignored labels."""
    ignore, weights = 255, torch.tensor([0.5, 2.0, 1.0, 0.2, 3.0])
    logits, labels = torch.randn(BATCH, CLASSES, 6, 5), torch.randint(0, CLASSES, (BATCH, 6, 5))
    labels[torch.rand(labels.shape) < 0.3] = ignore
    kept = labels != ignore
    truth = labels[kept].numpy()
    probability = logits.double().softmax(1).permute(0, 2, 3, 1)[kept].numpy()
    plain = log_loss(truth, probability, labels=range(CLASSES))
    weighted = log_loss(truth, probability, labels=range(CLASSES), sample_weight=weights[truth].numpy())

    binary_logits, binary_labels = torch.randn(BATCH, 1, 6, 5), torch.randint(0, 2, (BATCH, 6, 5))
    binary_labels[~kept] = ignore
    truth, probability = binary_labels[kept].numpy(), binary_logits.double().sigmoid()[:, 0][kept].numpy()
    binary_weights = torch.tensor([0.5, 4.0])
    binary = log_loss(truth, probability, labels=[0, 1])
    binary_weighted = log_loss(truth, probability, labels=[0, 1], sample_weight=binary_weights[truth].numpy())

    scenes, answers = torch.randn(7, CLASSES), torch.randint(0, 2, (7, CLASSES))
    multi = log_loss(answers.flatten().numpy(), scenes.double().sigmoid().flatten().numpy(), labels=[0, 1])
    values = {"plain": plain, "weighted": weighted, "binary": binary, "binary_weighted": binary_weighted, "multi": multi}
    return {"logits": logits, "labels": labels, "weights": weights, "binary_logits": binary_logits, "binary_labels": binary_labels,
            "binary_weights": binary_weights, "scenes": scenes, "answers": answers} | {k: torch.tensor(v) for k, v in values.items()}


def fixtures() -> dict[str, dict[str, Tensor]]:
    weight = (torch.rand(BATCH, 7, 5) > 0.4).float()
    linear = record(Linear(), {"0": torch.randn(BATCH, CHANNELS[0], 7, 5)}, lambda h, levels: h(levels | {"weight": weight}))
    return {
        "head_linear": linear | {"weight": weight},
        "head_fcn": fcn(),
        "head_fcn_auxiliary": fcn(auxiliary_num_convs=1, auxiliary_concat_input=False),
        "head_upernet": uper_net(ODD),
        "head_upernet_equal_strides": uper_net(EQUAL),
        "head_upernet_group_norm": uper_net(ODD, group_norm=True),
        "head_bit": change(Bit()),
        "head_unet": change(UNet()),
        "head_unet_equal_strides": change(UNet(), EQUAL),
        "head_semantic_change": semantic_change(),
        "head_losses": losses(),
    }
