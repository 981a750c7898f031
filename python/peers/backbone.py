"""The unified backbone of SkySense V2 in plain PyTorch, written for reading.

It is the parity reference of src/model (parameter names are equal) and what `skysense bench` is compared with. Its own
blocks are checked against timm and torch.nn by python/parity. Sections and equations are those of the paper.
"""

import dataclasses
import functools
import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

MODALITIES = ("hr", "ms", "sar")
PATCH = 4


@dataclasses.dataclass(frozen=True)
class Options:
    """Sizes, named as in src/model/options.h."""

    dim: int = 32
    depths: tuple[int, ...] = (2, 2, 4, 2)
    head_width: int = 32
    window: int = 8
    mlp_ratio: int = 4
    prompts: int = 4
    global_attention: bool = True
    position_grid: int = 64
    experts: int = 0
    top_k: int = 1
    expert_blocks: tuple[int, ...] = ()


class Tokenizer(nn.Module):
    """4x4 patches, a linear layer, LayerNorm. [B, channels, H, W] -> [B, ceil(H/4), ceil(W/4), dim]."""

    def __init__(self, channels: int, dim: int):
        super().__init__()
        self.proj = nn.Linear(channels * PATCH * PATCH, dim)
        self.norm = nn.LayerNorm(dim)

    def forward(self, image: Tensor) -> Tensor:
        image = F.pad(image, (0, -image.shape[3] % PATCH, 0, -image.shape[2] % PATCH))
        weight = self.proj.weight.view(self.proj.out_features, image.shape[1], PATCH, PATCH)
        return self.norm(F.conv2d(image, weight, self.proj.bias, stride=PATCH).permute(0, 2, 3, 1))


class Mlp(nn.Module):
    def __init__(self, dim: int, hidden: int):
        super().__init__()
        self.fc1 = nn.Linear(dim, hidden)
        self.fc2 = nn.Linear(hidden, dim)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | float]:
        return self.fc2(F.gelu(self.fc1(x))), 0.0


class Moe(nn.Module):
    """Sum of the top-k experts' outputs times their gate values (Eq. 2), and Switch Transformer's balancing loss."""

    def __init__(self, dim: int, hidden: int, experts: int, top_k: int):
        super().__init__()
        self.gate = nn.Linear(dim, experts, bias=False)
        self.experts = nn.ModuleList(Mlp(dim, hidden) for _ in range(experts))
        self.top_k = top_k

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        with torch.autocast(x.device.type, enabled=False):
            probabilities = self.gate(x.float()).softmax(-1)
        gates, chosen = probabilities.topk(self.top_k)
        mixed = torch.zeros_like(x)
        shares = []
        for index, expert in enumerate(self.experts):
            slots = chosen == index
            token = slots.any(-1)
            gate = (gates * slots).sum(-1)[token]
            mixed[token] = mixed[token] + (expert(x[token])[0] * gate[:, None]).to(mixed.dtype)
            shares.append(slots.float().mean())
        balance = sum(share * probability for share, probability in zip(shares, probabilities.flatten(0, -2).mean(0)))
        return mixed, balance * len(self.experts)


def make_mlp(dim: int, options: Options, block: int) -> nn.Module:
    if block in options.expert_blocks:
        return Moe(dim, options.mlp_ratio * dim, options.experts, options.top_k)
    return Mlp(dim, options.mlp_ratio * dim)


class WindowAttention(nn.Module):
    """Swin V2's scaled cosine attention with log-spaced continuous position bias. [B', N, C] -> the same."""

    def __init__(self, dim: int, heads: int, window: int):
        super().__init__()
        self.heads, self.window = heads, window
        self.logit_scale = nn.Parameter(torch.full((heads, 1, 1), math.log(10.0)))
        self.cpb_mlp = nn.Sequential(nn.Linear(2, 512), nn.ReLU(), nn.Linear(512, heads, bias=False))
        self.qkv = nn.Linear(dim, 3 * dim, bias=False)
        self.q_bias = nn.Parameter(torch.zeros(dim))
        self.v_bias = nn.Parameter(torch.zeros(dim))
        self.proj = nn.Linear(dim, dim)
        offsets = torch.arange(1 - window, window, dtype=torch.float32) * 8 / (window - 1)
        offsets = offsets.sign() * torch.log2(offsets.abs() + 1) / math.log2(8)
        self.register_buffer("offsets", torch.stack(torch.meshgrid(offsets, offsets, indexing="ij"), -1), persistent=False)
        position = torch.stack(torch.meshgrid(torch.arange(window), torch.arange(window), indexing="ij"), -1).flatten(0, 1)
        relative = position[:, None] - position[None, :] + window - 1
        self.register_buffer("rows", (relative[..., 0] * (2 * window - 1) + relative[..., 1]).flatten(), persistent=False)

    def bias(self) -> Tensor:
        tokens = self.window**2
        table = self.cpb_mlp(self.offsets).view(-1, self.heads)
        return 16 * torch.sigmoid(table[self.rows].view(tokens, tokens, self.heads).permute(2, 0, 1).contiguous())

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        batch, tokens, dim = x.shape
        bias = torch.cat((self.q_bias, torch.zeros_like(self.q_bias), self.v_bias))
        q, k, v = F.linear(x, self.qkv.weight, bias).view(batch, tokens, 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        scores = F.normalize(q, dim=-1) @ F.normalize(k, dim=-1).transpose(-2, -1)
        scores = scores * self.logit_scale.clamp(max=math.log(100)).exp() + self.bias()
        if mask is not None:
            scores = (scores.view(-1, len(mask), self.heads, tokens, tokens) + mask[:, None]).view(scores.shape)
        return self.proj((scores.softmax(-1).to(v.dtype) @ v).transpose(1, 2).reshape(x.shape))


@functools.lru_cache(maxsize=64)
def window_mask(height: int, width: int, window: int, shift_y: int, shift_x: int, device: torch.device) -> Tensor | None:
    """[windows, N, N] to add to scores: keys in padding, and keys that the shift brought from the opposite edge."""
    padded_height, padded_width = height + -height % window, width + -width % window
    if (padded_height, padded_width, shift_y, shift_x) == (height, width, 0, 0):
        return None
    y, x = torch.arange(padded_height), torch.arange(padded_width)
    real = ((y < height)[:, None] & (x < width)[None]).roll((-shift_y, -shift_x), (0, 1))
    region = (y >= padded_height - shift_y).long()[:, None] * 2 + (x >= padded_width - shift_x).long()[None]
    real, region = (cut_windows(t[None, ..., None], window)[..., 0] for t in (real, region))
    allowed = (region[:, :, None] == region[:, None, :]) & real[:, None, :]
    return torch.where(allowed, 0.0, -1e4).to(device)


def cut_windows(x: Tensor, window: int) -> Tensor:
    """[B, H, W, C] -> [B * windows, N, C]."""
    batch, height, width, channels = x.shape
    x = x.view(batch, height // window, window, width // window, window, channels)
    return x.transpose(2, 3).reshape(-1, window * window, channels)


def join_windows(x: Tensor, window: int, height: int, width: int) -> Tensor:
    """The inverse of cut_windows."""
    x = x.view(-1, height // window, width // window, window, window, x.shape[-1])
    return x.transpose(2, 3).reshape(x.shape[0], height, width, -1)


def drop_path(branch: Tensor, rate: float, training: bool) -> Tensor:
    """Stochastic depth: leaves out the branch of a row with probability `rate`, scales it by 1 / (1 - rate) otherwise."""
    if rate == 0 or not training:
        return branch
    kept = branch.new_empty(len(branch), *[1] * (branch.dim() - 1)).bernoulli_(1 - rate)
    return branch * kept.div_(1 - rate)


class SwinBlock(nn.Module):
    """Swin V2 block: windowed attention and MLP, each normalised after its branch."""

    drop_path = 0.0

    def __init__(self, dim: int, heads: int, window: int, shift: int, mlp: nn.Module):
        super().__init__()
        self.window, self.shift = window, shift
        self.attn = WindowAttention(dim, heads, window)
        self.norm1 = nn.LayerNorm(dim)
        self.mlp = mlp
        self.norm2 = nn.LayerNorm(dim)

    def attend(self, x: Tensor) -> Tensor:
        _, height, width, _ = x.shape
        shift_y, shift_x = (self.shift if side > self.window else 0 for side in (height, width))
        mask = window_mask(height, width, self.window, shift_y, shift_x, x.device)
        if height % self.window or width % self.window:
            x = F.pad(x, (0, 0, 0, -width % self.window, 0, -height % self.window))
        if shift_y or shift_x:
            x = x.roll((-shift_y, -shift_x), (1, 2))
        x = join_windows(self.attn(cut_windows(x, self.window), mask), self.window, x.shape[1], x.shape[2])
        if shift_y or shift_x:
            x = x.roll((shift_y, shift_x), (1, 2))
        return x[:, :height, :width]

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | float]:
        x = x + drop_path(self.norm1(self.attend(x)), self.drop_path, self.training)
        y, balance = self.mlp(x)
        return x + drop_path(self.norm2(y), self.drop_path, self.training), balance


class GlobalAttention(nn.Module):
    def __init__(self, dim: int, heads: int):
        super().__init__()
        self.heads = heads
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor) -> Tensor:
        q, k, v = self.qkv(x).view(*x.shape[:2], 3, self.heads, -1).permute(2, 0, 3, 1, 4).unbind(0)
        return self.proj(F.scaled_dot_product_attention(q, k, v).transpose(1, 2).reshape(x.shape))


class TransformerBlock(nn.Module):
    """Pre-norm transformer block. [B, N, C] -> the same."""

    drop_path = 0.0

    def __init__(self, dim: int, heads: int, mlp: nn.Module):
        super().__init__()
        self.norm1 = nn.LayerNorm(dim)
        self.attn = GlobalAttention(dim, heads)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = mlp

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor | float]:
        x = x + drop_path(self.attn(self.norm1(x)), self.drop_path, self.training)
        y, balance = self.mlp(self.norm2(x))
        return x + drop_path(y, self.drop_path, self.training), balance


class PatchMerging(nn.Module):
    """Adaptive patch merging (sec. 3.1.1): 2x2 neighbours to one token of twice the width, or the resolution kept."""

    def __init__(self, dim: int):
        super().__init__()
        self.reduction = nn.Linear(4 * dim, 2 * dim, bias=False)
        self.norm = nn.LayerNorm(2 * dim)

    def forward(self, x: Tensor, subsample: bool) -> Tensor:
        batch, height, width, dim = x.shape
        if not subsample:
            return self.norm(F.linear(x, self.reduction.weight.view(2 * dim, 4, dim).mean(1)))
        x = F.pad(x, (0, 0, 0, width % 2, 0, height % 2))
        x = x.view(batch, x.shape[1] // 2, 2, x.shape[2] // 2, 2, dim).permute(0, 1, 3, 4, 2, 5).flatten(3)
        return self.norm(self.reduction(x))


class Prompts(nn.Module):
    """Learned tokens of each modality, projected by a shared matrix (sec. 3.1.2)."""

    def __init__(self, count: int, dim: int):
        super().__init__()
        for modality in MODALITIES:
            self.register_parameter(modality, nn.Parameter(torch.randn(count, dim) * 0.02))
        self.projection = nn.Linear(dim, dim, bias=False)

    def forward(self, modality: str) -> Tensor:
        return self.projection(getattr(self, modality))


class Stage(nn.Module):
    def __init__(self, options: Options, stage: int):
        super().__init__()
        dim = options.dim << stage
        heads = dim // options.head_width
        first = sum(options.depths[:stage])
        self.attends_globally = options.global_attention and stage >= 2
        if stage > 0:
            self.merging = PatchMerging(dim // 2)
        if self.attends_globally and options.prompts:
            self.prompts = Prompts(options.prompts, dim)
        self.blocks = nn.ModuleList()
        for block in range(options.depths[stage]):
            mlp = make_mlp(dim, options, first + block)
            if self.attends_globally:
                self.blocks.append(TransformerBlock(dim, heads, mlp))
            else:
                shift = options.window // 2 if block % 2 else 0
                self.blocks.append(SwinBlock(dim, heads, options.window, shift, mlp))
        self.norm = nn.LayerNorm(dim)

    def forward(self, x: Tensor, modality: str, use_prompts: bool) -> tuple[Tensor, Tensor | float]:
        shape = x.shape
        count = 0
        if self.attends_globally:
            x = x.flatten(1, 2)
            if use_prompts and hasattr(self, "prompts"):
                prompts = self.prompts(modality)
                count = len(prompts)
                x = torch.cat((prompts.to(x.dtype).expand(len(x), -1, -1), x), 1)
        balance = 0.0
        for block in self.blocks:
            x, block_balance = block(x)
            balance = balance + block_balance
        return (x[:, count:] if count else x).reshape(shape), balance


class Backbone(nn.Module):
    def __init__(self, options: Options):
        super().__init__()
        self.options = options
        self.position_embedding = nn.Parameter(torch.zeros(options.position_grid, options.position_grid, 4 * options.dim))
        self.stages = nn.ModuleList(Stage(options, stage) for stage in range(4))

    def position_on(self, height: int, width: int) -> Tensor:
        if (height, width) == self.position_embedding.shape[:2]:
            return self.position_embedding
        grid = self.position_embedding.permute(2, 0, 1)[None]
        return F.interpolate(grid, (height, width), mode="bicubic", align_corners=False)[0].permute(1, 2, 0)

    def forward(
        self, x: Tensor, modality: str, subsample: tuple[bool, bool, bool] | None = None, use_prompts: bool = True
    ) -> tuple[list[Tensor], Tensor | float]:
        """tokens [B, h, w, C] -> the four stages' normalised features, the balancing loss."""
        if subsample is None:
            subsample = (modality == "hr",) * 3
        features = []
        balance = 0.0
        for index, stage in enumerate(self.stages):
            if index > 0:
                x = stage.merging(x, subsample[index - 1])
            if index == 2:
                x = x + self.position_on(x.shape[1], x.shape[2]).to(x.dtype)
            x, stage_balance = stage(x, modality, use_prompts)
            balance = balance + stage_balance
            features.append(stage.norm(x))
        return features, balance


class SkySense(nn.Module):
    """Tokenizers and backbone, named as SkysenseModel's."""

    def __init__(self, options: Options, channels: dict[str, int]):
        super().__init__()
        self.tokenizers = nn.ModuleDict({name: Tokenizer(count, options.dim) for name, count in channels.items()})
        self.backbone = Backbone(options)

    def encode(self, modality: str, image: Tensor, **kwargs) -> tuple[list[Tensor], Tensor | float]:
        return self.backbone(self.tokenizers[modality](image), modality, **kwargs)
