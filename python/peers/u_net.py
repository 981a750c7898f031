"""A U-Net from scratch on the samples that `skysense datasets export` wrote: what fine-tuning has to beat with few labels.

    python -m peers.u_net --train train.safetensors --test test.safetensors --steps 200 --seed 1

Ronneberger et al. 2015 (arXiv 1505.04597), with batch normalisation. Scenes: the encoder and a linear layer on the mean of
its last map. Change: one encoder for both times, the decoder sees the difference of its maps (Daudt et al. 2018, FC-Siam-diff).
Semantic change: a map of each of the two dates by itself. Series: the encoder sees every date, the decoder the mean of its maps
over the dates that are there. Prints one line of JSON.
"""

import argparse
import json
import time

import torch
import torch.nn.functional as F
from safetensors import safe_open
from torch import Tensor, nn

LEVELS = 4
SCENES = ("class", "multi-label")
TWO_MASKS = "two masks"
WARMUP = 0.1  # share of the steps


def double_conv(before: int, after: int) -> nn.Sequential:
    layers = []
    for channels in (before, after):
        layers += [nn.Conv2d(channels, after, 3, padding=1, bias=False), nn.BatchNorm2d(after), nn.ReLU(inplace=True)]
    return nn.Sequential(*layers)


class UNet(nn.Module):
    """images [B, T, C, H, W], present [B, T] -> logits [B, K] of scenes, [B * 2, K, H, W] of two masks, else [B, K, H, W]."""

    def __init__(self, bands: int, classes: int, width: int, kind: str):
        super().__init__()
        self.kind = kind
        widths = [width * 2**level for level in range(LEVELS + 1)]
        self.down = nn.ModuleList(double_conv(before, after) for before, after in zip([bands, *widths], widths))
        if kind in SCENES:
            self.head = nn.Linear(widths[-1], classes)
        else:
            self.up = nn.ModuleList(nn.ConvTranspose2d(widths[i + 1], widths[i], 2, stride=2) for i in reversed(range(LEVELS)))
            self.join = nn.ModuleList(double_conv(2 * widths[i], widths[i]) for i in reversed(range(LEVELS)))
            self.head = nn.Conv2d(width, classes, 1)

    def encode(self, images: Tensor) -> list[Tensor]:
        levels = []
        for level, block in enumerate(self.down):
            images = block(images if level == 0 else F.max_pool2d(images, 2))
            levels.append(images)
        return levels

    def combined(self, maps: Tensor, present: Tensor) -> Tensor:
        """[B, T, C, h, w] of the dates -> [B, C, h, w]."""
        if self.kind == "change mask":
            return (maps[:, 0] - maps[:, 1]).abs()
        weights = present.float()[:, :, None, None, None]
        return (maps * weights).sum(1) / weights.sum(1).clamp(min=1)

    def forward(self, images: Tensor, present: Tensor) -> Tensor:
        if self.kind == TWO_MASKS:
            images, present = images.flatten(0, 1)[:, None], present.flatten()[:, None]
        batch, dates = images.shape[:2]
        levels = [self.combined(level.unflatten(0, (batch, dates)), present) for level in self.encode(images.flatten(0, 1))]
        if self.kind in SCENES:
            return self.head(levels[-1].mean((2, 3)))
        x = levels.pop()
        for up, join in zip(self.up, self.join):
            x = join(torch.cat((up(x), levels.pop()), 1))
        return self.head(x)


def parameters(model: nn.Module) -> int:
    return sum(parameter.numel() for parameter in model.parameters())


def width_of_size(bands: int, classes: int, kind: str, wanted: int) -> int:
    """The width whose network has the number of parameters nearest to `wanted`."""
    with torch.device("meta"):
        return min(range(2, 129), key=lambda width: abs(parameters(UNet(bands, classes, width, kind)) - wanted))


class Samples:
    """A file of `skysense datasets export`: one modality, normalised by its contract."""

    def __init__(self, path: str, modality: str):
        with safe_open(path, "pt") as file:
            described = file.metadata()
            bands = json.loads(described["contract"])["sensors"][modality]["bands"]
            mean, std = (torch.tensor([band[key] for band in bands])[:, None, None] for key in ("mean", "std"))
            valid = file.get_tensor(f"{modality}.valid")[:, :, None]
            self.images = torch.where(valid, (file.get_tensor(f"{modality}.values") - mean) / std, torch.zeros(()))
            self.present = file.get_tensor(f"{modality}.present")
            self.labels = file.get_tensor("label")  # maps of two dates: [N, 2, H, W]
        self.kind = described["label_kind"]
        self.classes = json.loads(described["class_names"])

    def __len__(self) -> int:
        return len(self.labels)

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        return self.images[rows], self.present[rows], self.labels[rows]


def at_label_size(logits: Tensor, labels: Tensor) -> Tensor:
    """Maps on the labels' grid: the mean of a label's pixels where those are finer."""
    grid = labels.shape[-2:]
    if labels.dim() < 3 or logits.shape[2:] == grid:
        return logits
    if logits.shape[2] > grid[0]:
        return F.adaptive_avg_pool2d(logits, grid)
    return F.interpolate(logits, grid, mode="bilinear", align_corners=False)


def loss_of(logits: Tensor, labels: Tensor, kind: str, class_weights: Tensor | None = None) -> Tensor:
    if kind == "multi-label":
        return F.multilabel_soft_margin_loss(logits, labels.float())
    if kind == TWO_MASKS:
        labels = labels.flatten(0, 1)
    return F.cross_entropy(at_label_size(logits, labels), labels, class_weights, ignore_index=-1)


def turned(images: Tensor, labels: Tensor, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """The whole batch flipped and turned alike, labels too where they are maps."""
    turns, flip = (int(torch.randint(count, (), generator=generator)) for count in (4, 2))
    tensors = [images, labels] if labels.dim() > 2 else [images]
    tensors = [torch.rot90(tensor.flip(-1) if flip else tensor, turns, (-2, -1)) for tensor in tensors]
    return tensors[0], tensors[1] if labels.dim() > 2 else labels


def train(model: UNet, samples: Samples, arguments: argparse.Namespace) -> float:
    """AdamW with a warm-up and a cosine to nothing; the last loss."""
    generator = torch.Generator().manual_seed(arguments.seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=arguments.lr, weight_decay=arguments.weight_decay)
    warmup = max(1, round(WARMUP * arguments.steps))

    def factor(step: int) -> float:
        if step < warmup:
            return (step + 1) / warmup
        share = torch.tensor((step - warmup) / max(1, arguments.steps - warmup))
        return float(0.5 * (1 + torch.cos(torch.pi * share)))

    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, factor)
    class_weights = torch.tensor(arguments.class_weights) if arguments.class_weights else None
    model.train()
    order = torch.empty(0, dtype=torch.long)
    for _ in range(arguments.steps):
        while len(order) < arguments.batch:
            order = torch.cat((order, torch.randperm(len(samples), generator=generator)))
        rows, order = order[: arguments.batch], order[arguments.batch :]
        images, present, labels = samples.batch(rows)
        images, labels = turned(images, labels, generator)
        loss = loss_of(model(images, present), labels, samples.kind, class_weights)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    return loss.item()


def predictions(model: UNet, samples: Samples) -> Tensor:
    model.eval()
    with torch.no_grad():
        parts = [samples.batch(rows) for rows in torch.arange(len(samples)).split(8)]
        return torch.cat([at_label_size(model(images, present), labels) for images, present, labels in parts])


def overlaps(predicted: Tensor, truth: Tensor, classes: int) -> tuple[Tensor, Tensor, Tensor]:
    """Of each class the pixels that are right, those of prediction or truth, and those of the truth; ignored ones in none."""
    known = truth >= 0
    confusion = torch.bincount(truth[known] * classes + predicted[known], minlength=classes**2).reshape(classes, classes).double()
    return confusion.diag(), confusion.sum(0) + confusion.sum(1) - confusion.diag(), confusion.sum(1)


def semantic_change(predicted: Tensor, truth: Tensor, classes: int) -> dict[str, float]:
    """[N, 2, H, W] -> SCS with its parts, as DynamicEarthNet counts (arXiv 2203.12560, sec. 4)."""
    changed = truth[:, 0] != truth[:, 1]
    right, union, _ = overlaps((predicted[:, 0] != predicted[:, 1]).flatten().long(), changed.flatten().long(), 2)
    binary = (right[1] / union[1].clamp(min=1)).item()
    right, union, count = overlaps(predicted[:, 1][changed], truth[:, 1][changed], classes)
    semantic = (right / union)[count > 0].mean().item() if count.any() else 0.0
    return {"scs": (binary + semantic) / 2, "bc": binary, "sc": semantic}


def scores(logits: Tensor, samples: Samples) -> dict[str, float]:
    """The metrics of `skysense evaluate` by their names there (src/eval/metrics.h)."""
    if samples.kind == "multi-label":
        from torchmetrics.functional.classification import multilabel_average_precision

        held = [k for k in range(len(samples.classes)) if samples.labels[:, k].any()]  # a class without samples has none
        return {"map": multilabel_average_precision(logits[:, held], samples.labels[:, held], len(held)).item()}
    predicted, truth = logits.argmax(1), samples.labels
    if samples.kind == TWO_MASKS:
        return semantic_change(predicted.unflatten(0, truth.shape[:2]), truth, len(samples.classes))
    right, union, count = overlaps(predicted.flatten(), truth.flatten(), len(samples.classes))
    result = {"oa": (right.sum() / count.sum()).item(), "miou": (right / union)[union > 0].mean().item()}
    if samples.kind == "change mask":
        result["f1"] = (2 * right[1] / (right[1] + union[1]).clamp(min=1)).item()
    return result


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--train", required=True)
    parser.add_argument("--test", required=True)
    parser.add_argument("--modality", choices=("hr", "ms", "sar"), required=True)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--batch", type=int, default=8)
    parser.add_argument("--lr", type=float, default=1e-3)
    parser.add_argument("--class-weights", type=float, nargs="+", help="of the loss, one a class")
    parser.add_argument("--weight-decay", type=float, default=0.01)
    parser.add_argument("--parameters", type=int, default=3_000_000, help="the network's size, nearly")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(arguments.seed)
    started = time.monotonic()
    samples, held_out = Samples(arguments.train, arguments.modality), Samples(arguments.test, arguments.modality)
    bands, classes = samples.images.shape[2], len(samples.classes)
    model = UNet(bands, classes, width_of_size(bands, classes, samples.kind, arguments.parameters), samples.kind)
    loss = train(model, samples, arguments)
    print(json.dumps({"metrics": scores(predictions(model, held_out), held_out), "loss": loss, "parameters": parameters(model),
                      "training_samples": len(samples), "test_samples": len(held_out), "seconds": time.monotonic() - started}))


if __name__ == "__main__":
    main()
