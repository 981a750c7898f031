"""Fixtures of fine-tuning's augmentations: torchvision's erasing and mixup, torch's antialiased resizing weighted by
validity, and samples of torchvision's and torch's distributions.
"""

import torch
import torch.nn.functional as F
from torch import Tensor
from torchvision.transforms import RandomErasing
from torchvision.transforms import functional as TF
from torchvision.transforms import v2

MEAN, STD = torch.tensor([0.4, 0.1, 0.7]), torch.tensor([0.2, 0.3, 0.5])
DRAWS = 4000


def images(dates: int, height: int, width: int) -> tuple[Tensor, Tensor]:
    values, valid = torch.rand(dates, 3, height, width), torch.rand(dates, height, width) > 0.15
    valid[:, : height // 3, : width // 4] = False
    return values.masked_fill(~valid.unsqueeze(1), 0), valid


def resized(image: Tensor, size: tuple[int, int]) -> Tensor:
    return F.interpolate(image, size=size, mode="bilinear", antialias=True, align_corners=False)


def framed(values: Tensor, valid: Tensor, scaled: tuple[int, int], padded: tuple[int, int]) -> tuple[Tensor, Tensor]:
    """Bilinear over the valid pixels alone; then zeros, invalid, at the right and the bottom."""
    weights = resized(valid[:, None].float(), scaled)
    kept = weights[:, 0] >= 0.5
    result = (resized(values, scaled) / weights.clamp_min(1e-6)).masked_fill(~kept.unsqueeze(1), 0)
    margin = [0, padded[1] - scaled[1], 0, padded[0] - scaled[0]]
    return TF.pad(result, [0, 0, margin[1], margin[3]]), TF.pad(kept.to(torch.uint8), [0, 0, margin[1], margin[3]]).bool()


def frame(height: int, width: int, scaled: tuple[int, int], padded: tuple[int, int]) -> dict[str, Tensor]:
    """A window with an image twice as fine as its labels, and what becomes of both."""
    values, valid = images(2, 2 * height, 2 * width)
    label = torch.randint(-1, 7, (height, width))
    twice = lambda size: (2 * size[0], 2 * size[1])
    framed_values, framed_valid = framed(values, valid, twice(scaled), twice(padded))
    nearest = F.interpolate(label[None, None].double(), size=scaled, mode="nearest-exact")[0, 0].long()
    nearest = TF.pad(nearest[None], [0, 0, padded[1] - scaled[1], padded[0] - scaled[0]], fill=-1)[0]
    return {"values": values, "valid": valid, "label": label, "scaled": torch.tensor(scaled), "padded": torch.tensor(padded),
            "framed_values": framed_values, "framed_valid": framed_valid, "framed_label": nearest}


def normalised(values: Tensor, valid: Tensor) -> Tensor:
    return ((values - MEAN[:, None, None]) / STD[:, None, None]).masked_fill(~valid.unsqueeze(1), 0)


def erasing() -> dict[str, Tensor]:
    values, valid = images(2, 21, 17)
    top, left, height, width = 3, 5, 11, 7
    return {"values": values, "valid": valid, "rectangle": torch.tensor([left, top, width, height]),
            "normalised": TF.erase(normalised(values, valid), top, left, height, width, torch.zeros(1))}


def erased_rectangles() -> dict[str, Tensor]:
    """[draws, 4] of top, left, height, width in a picture of 320 x 320 (Table 7)."""
    picture = torch.zeros(1, 320, 320)
    drawn = [RandomErasing.get_params(picture, scale=(0.03, 0.333), ratio=(0.3, 3.3), value=[0.0])[:4] for _ in range(DRAWS)]
    return {"rectangles": torch.tensor(drawn)}


def mixing() -> dict[str, Tensor]:
    """Two series of three dates, and the second with one more."""
    (a, a_valid), (b, b_valid) = images(3, 9, 8), images(4, 9, 8)
    share = 0.3
    mixup = v2.MixUp(num_classes=5)
    pair = torch.stack([normalised(a, a_valid), normalised(b, b_valid)[:3]])
    labels = torch.tensor([2, 4])
    mixed = mixup.transform(pair.flatten(1, 2), {"labels": labels, "batch_size": 2, "lam": share}).view_as(pair)
    soft = mixup._mixup_label(labels, lam=share)
    return {"a.values": a, "a.valid": a_valid, "b.values": b, "b.valid": b_valid, "share": torch.tensor(share, dtype=torch.float64),
            "labels": labels, "mixed": torch.cat([mixed[0], normalised(b, b_valid)[3:]]), "soft": soft[0],
            "betas": torch.distributions.Beta(0.8, 0.8).sample((DRAWS,))}


def fixtures() -> dict[str, dict[str, Tensor]]:
    return {
        "frame_larger": frame(12, 15, (31, 24), (31, 24)),
        "frame_smaller": frame(30, 26, (17, 12), (20, 20)),
        "frame_padded": frame(10, 14, (10, 14), (16, 16)),
        "erasing": erasing(),
        "erased_rectangles": erased_rectangles(),
        "mixing": mixing(),
    }
