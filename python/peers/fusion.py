"""The multi-modal temporal fusion encoder in plain PyTorch: the reference of the C++ one, written for reading.

Paper: SkySense V2, App. A.1 and C; SkySense (CVPR 2024), sec. 3.1. The encoder layers are PyTorch's own. All cells go
through the encoder at once, every token is computed in every layer, and modules have PyTorch's names and layouts;
`product_weights` gives them the names and shapes that the product's checkpoints have.
"""

import math
import re

import torch
from torch import nn
from torch.nn import functional

MODALITIES = ("hr", "ms", "sar")
DAYS = 365
HEAD_WIDTH = 64


class Fusion(nn.Module):
    def __init__(self, feature_dim: int, dim: int, layers: int, mlp_ratio: int = 4):
        super().__init__()
        self.projections = nn.ModuleDict({name: nn.Linear(feature_dim, dim) for name in MODALITIES})
        self.up_heads = nn.ModuleDict({name: nn.Sequential(nn.Conv2d(dim, 16 * dim, 1), nn.PixelShuffle(4)) for name in ("ms", "sar")})
        self.day_of_year = nn.Embedding(DAYS, dim)
        self.class_token = nn.Parameter(torch.zeros(dim))
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(dim, dim // HEAD_WIDTH, mlp_ratio * dim, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
            for _ in range(layers)
        )
        self.norm = nn.LayerNorm(dim)
        self.geo_context = nn.Linear(2 * dim, dim, bias=False)

    def align(self, name: str, features: torch.Tensor, grid: tuple[int, int]) -> torch.Tensor:
        """features [B, T, h, w, 8C] -> [B, T, gh, gw, d]."""
        batch, dates = features.shape[:2]
        planes = self.projections[name](features.flatten(0, 1)).permute(0, 3, 1, 2)
        if name in self.up_heads:
            planes = self.up_heads[name](planes)
        smaller = [min(have, want) for have, want in zip(planes.shape[-2:], grid)]
        planes = functional.interpolate(planes, smaller, mode="area")
        planes = functional.interpolate(planes, grid, mode="bilinear", align_corners=False)
        return planes.permute(0, 2, 3, 1).unflatten(0, (batch, dates))

    def encode(self, series: dict[str, dict[str, torch.Tensor]], grid: tuple[int, int]):
        """series[modality]: features [B, T, h, w, 8C]; valid [B, T, gh, gw], day_of_year and present [B, T] where given.

        Returns the class tokens [B, gh * gw, d] and the aligned features of each modality [B, T, gh, gw, d].
        """
        aligned, tokens, masked = {}, [], []
        for name in MODALITIES:
            if name not in series:
                continue
            one = series[name]
            aligned[name] = self.align(name, one["features"], grid)
            batch, dates = aligned[name].shape[:2]
            days = one.get("day_of_year", torch.zeros(batch, dates, dtype=torch.long))
            embedding = self.day_of_year(days.clamp(1, DAYS) - 1) * (days > 0)[..., None]
            tokens.append((aligned[name] + embedding[:, :, None, None]).permute(0, 2, 3, 1, 4).flatten(0, 2))  # [B * cells, T, d]
            valid = one.get("valid", torch.ones(batch, dates, *grid, dtype=torch.bool))
            present = one.get("present", torch.ones(batch, dates, dtype=torch.bool))
            masked.append(~(valid & present[..., None, None]).permute(0, 2, 3, 1).flatten(0, 2))
        cells = tokens[0].shape[0]
        x = torch.cat([self.class_token.to(tokens[0].dtype).expand(cells, 1, -1), *tokens], 1)
        mask = torch.cat([torch.zeros(cells, 1, dtype=torch.bool), *masked], 1)
        for layer in self.layers:
            x = layer(x, src_key_padding_mask=mask)
        return self.norm(x)[:, 0].unflatten(0, (batch, grid[0] * grid[1])), aligned

    def with_context(self, fused: torch.Tensor, prototypes: torch.Tensor | None) -> torch.Tensor:
        """fused [B, S, d] with what it gathers from the prototypes [B, P, d] of its region, back at width d."""
        if prototypes is None:
            context = torch.zeros_like(fused)
        else:
            scores = fused @ prototypes.transpose(1, 2) / math.sqrt(fused.shape[-1])
            context = scores.softmax(-1) @ prototypes
        return self.geo_context(torch.cat([fused, context], -1))

    def forward(self, series: dict[str, dict[str, torch.Tensor]], grid: tuple[int, int], prototypes: torch.Tensor | None = None):
        """The fused feature [B, gh, gw, d] and the aligned features; the arguments are those of `encode`."""
        fused, aligned = self.encode(series, grid)
        return self.with_context(fused, prototypes).unflatten(1, grid), aligned


RENAMED = (
    (r"self_attn\.in_proj_", "attn.qkv."),
    (r"self_attn\.out_proj\.", "attn.proj."),
    (r"linear1\.", "mlp.fc1."),
    (r"linear2\.", "mlp.fc2."),
    (r"(up_heads\.\w+)\.0\.", r"\1.expand."),
    (r"geo_context\.", "geo_context.linear."),
)


def product_weights(tensors: dict[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Parameters or their gradients by the product's names; a 1x1 convolution's weight becomes a linear layer's."""
    renamed = {}
    for name, tensor in tensors.items():
        for pattern, replacement in RENAMED:
            name = re.sub(pattern, replacement, name)
        renamed[name] = tensor.flatten(1) if tensor.dim() == 4 else tensor
    return renamed
