"""One branch of the teacher-student pair in plain PyTorch: the model, the learning heads and QSACL's queries.

Paper: SkySense V2, sec. 3.2, App. A; DINO (arXiv 2104.14294) for the heads. Parameter names are the checkpoint's.
"""

import dataclasses

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from peers.backbone import Mlp, Options, SkySense, drop_path
from peers.fusion import HEAD_WIDTH, Fusion
from peers.views import MODALITIES, View

SOURCES = (*MODALITIES, "fused")
Maps = list[tuple[Tensor, Tensor]]  # a view each: features [B, T, gh, gw, d] and valid [B, T, gh, gw]


def attend(q: Tensor, k: Tensor, v: Tensor, mask: Tensor | None = None) -> Tensor:
    """[B, N, d] -> [B, N, d] with heads of HEAD_WIDTH; `mask` [B, L] bool says which keys count."""
    q, k, v = (t.unflatten(-1, (-1, HEAD_WIDTH)).transpose(1, 2) for t in (q, k, v))
    mask = None if mask is None else mask[:, None, None]
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask).transpose(1, 2).flatten(2)


class Attention(nn.Module):
    def __init__(self, dim: int):
        super().__init__()
        self.qkv = nn.Linear(dim, 3 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.proj(attend(*self.qkv(x).chunk(3, -1), mask))


class CrossAttention(nn.Module):
    def __init__(self, dim: int):
        super().__init__()
        self.q = nn.Linear(dim, dim)
        self.kv = nn.Linear(dim, 2 * dim)
        self.proj = nn.Linear(dim, dim)

    def forward(self, x: Tensor, cells: Tensor, mask: Tensor) -> Tensor:
        return self.proj(attend(self.q(x), *self.kv(cells).chunk(2, -1), mask))


class FusionLayer(nn.Module):
    """A pre-norm encoder layer with drop path a sequence; takes torch.nn.TransformerEncoderLayer's place."""

    def __init__(self, dim: int, rate: float):
        super().__init__()
        self.rate = rate
        self.norm1 = nn.LayerNorm(dim)
        self.attn = Attention(dim)
        self.norm2 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, 4 * dim)

    def forward(self, x: Tensor, src_key_padding_mask: Tensor) -> Tensor:
        x = x + drop_path(self.attn(self.norm1(x), ~src_key_padding_mask), self.rate, self.training)
        return x + drop_path(self.mlp(self.norm2(x))[0], self.rate, self.training)


class Aggregation(nn.Module):
    """QSACL's queries through one decoder layer (sec. 3.2). cells [B, L, d], usable [B, L] -> [B, m, d]."""

    def __init__(self, dim: int, queries: int):
        super().__init__()
        self.queries = nn.Parameter(torch.zeros(queries, dim))
        self.norm1 = nn.LayerNorm(dim)
        self.self_attn = Attention(dim)
        self.norm2 = nn.LayerNorm(dim)
        self.cross_attn = CrossAttention(dim)
        self.norm3 = nn.LayerNorm(dim)
        self.mlp = Mlp(dim, 4 * dim)

    def forward(self, cells: Tensor, usable: Tensor) -> Tensor:
        x = self.queries.expand(len(cells), -1, -1)
        x = x + self.self_attn(self.norm1(x))
        x = x + self.cross_attn(self.norm2(x), cells, usable | ~usable.any(-1, keepdim=True))
        return x + self.mlp(self.norm3(x))[0]


class Head(nn.Module):
    """DINO's head: three linear layers, unit length, weight-normed last layer without gain."""

    def __init__(self, dim: int, hidden: int, bottleneck: int, outputs: int):
        super().__init__()
        self.layer1 = nn.Linear(dim, hidden)
        self.layer2 = nn.Linear(hidden, hidden)
        self.layer3 = nn.Linear(hidden, bottleneck)
        self.last_weight = nn.Parameter(torch.zeros(outputs, bottleneck))

    def forward(self, x: Tensor) -> Tensor:
        x = self.layer3(F.gelu(self.layer2(F.gelu(self.layer1(x))))).float()
        return F.linear(F.normalize(x, dim=-1, eps=1e-6), F.normalize(self.last_weight, dim=-1, eps=1e-6)).float()


@dataclasses.dataclass(frozen=True)
class LearnerOptions:
    """Sizes; those of the weights in a case file by `sizes_of`."""

    model: Options
    fusion_dim: int
    fusion_layers: int
    head: tuple[int, int, int]  # hidden, bottleneck, outputs
    queries: int
    drop_path: float = 0.0
    fusion_drop_path: float = 0.0


def sizes_of(weights: dict[str, Tensor], rate: float, fusion_rate: float) -> LearnerOptions:
    count = lambda prefix: len({name[len(prefix) :].split(".")[0] for name in weights if name.startswith(prefix)})
    depths = tuple(count(f"backbone.stages.{stage}.blocks.") for stage in range(4))
    outputs, bottleneck = weights["heads.hr.last_weight"].shape
    return LearnerOptions(
        model=Options(dim=len(weights["tokenizers.hr.proj.weight"]), depths=depths),
        fusion_dim=len(weights["fusion.class_token"]),
        fusion_layers=count("fusion.layers."),
        head=(len(weights["heads.hr.layer1.weight"]), bottleneck, outputs),
        queries=len(weights["aggregation.queries"]),
        drop_path=rate,
        fusion_drop_path=fusion_rate,
    )


class Learner(SkySense):
    def __init__(self, options: LearnerOptions, channels: dict[str, int]):
        super().__init__(options.model, channels)
        blocks = [block for stage in self.backbone.stages for block in stage.blocks]
        for block, rate in zip(blocks, torch.linspace(0, options.drop_path, len(blocks)).tolist()):
            block.drop_path = rate
        dim, layers = options.fusion_dim, options.fusion_layers
        self.fusion = Fusion(8 * options.model.dim, dim, 0)
        self.fusion.layers.extend(FusionLayer(dim, rate) for rate in torch.linspace(0, options.fusion_drop_path, layers).tolist())
        self.heads = nn.ModuleDict({name: Head(dim, *options.head) for name in (*SOURCES, "query")})
        self.aggregation = Aggregation(dim, options.queries)

    def load(self, weights: dict[str, Tensor]) -> None:
        """A checkpoint's weights; a 1x1 convolution's is a linear layer's there."""
        own = self.state_dict()
        renamed = {name.replace(".expand.", ".0.").replace("geo_context.linear.", "geo_context."): value for name, value in weights.items()}
        self.load_state_dict({name: value.view(own[name].shape) for name, value in renamed.items()})

    def encode_views(self, views: list[View], cells: int, prototypes: Tensor | None) -> tuple[dict[str, Maps], list[Tensor]]:
        """Views of one size. The maps of each source, a view each, and the class tokens [B, cells * cells, d] of each view."""
        series, valid = {}, {}
        for name in MODALITIES:
            image = {key: torch.cat([view.images[name][key] for view in views]) for key in views[0].images[name]}
            shape = image["present"].shape
            features = self.encode(name, image["values"].flatten(0, 1))[0][-1]
            share = F.adaptive_avg_pool2d(image["valid"].float(), cells)
            valid[name] = (share >= 0.5) & image["present"][..., None, None]
            series[name] = {"features": features.unflatten(0, shape), "valid": valid[name], **{key: image[key] for key in ("day_of_year", "present")}}
        if prototypes is not None:
            prototypes = prototypes.repeat(len(views), 1, 1)
        tokens, aligned = self.fusion.encode(series, (cells, cells))
        valid["fused"] = torch.cat([v.any(1, keepdim=True) for v in valid.values()], 1).any(1, keepdim=True)
        aligned["fused"] = self.fusion.with_context(tokens, prototypes).unflatten(1, (cells, cells))[:, None]
        count = len(views)
        maps = {name: list(zip(aligned[name].chunk(count), valid[name].chunk(count))) for name in SOURCES}
        return maps, list(tokens.chunk(count))
