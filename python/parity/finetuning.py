"""Learning rates of fine-tuning: PyTorch's own schedulers behind its linear warm-up, chained as mmengine does, and the factor
of each layer by BEiT's rule (layer-wise decay) with SimMIM's numbering of a backbone in stages."""

from collections.abc import Callable

import torch
from torch.optim import lr_scheduler

TOTAL, LR, FINAL_LR, RATIO = 50, 6e-5, 1e-6, 1e-3
DEPTHS = (2, 2, 4, 2)
DECAY = 0.8

Make = Callable[[torch.optim.Optimizer, int], lr_scheduler.LRScheduler]
SCHEDULES: dict[str, Make] = {
    "constant": lambda optimizer, steps: lr_scheduler.ConstantLR(optimizer, factor=1.0, total_iters=steps),
    "poly": lambda optimizer, steps: lr_scheduler.PolynomialLR(optimizer, total_iters=steps, power=0.9),
    "cosine": lambda optimizer, steps: lr_scheduler.CosineAnnealingLR(optimizer, T_max=steps, eta_min=FINAL_LR),
    "multistep": lambda optimizer, steps: lr_scheduler.MultiStepLR(optimizer, [round(0.6 * steps), round(0.9 * steps)], gamma=0.1),
    "exponential": lambda optimizer, steps: lr_scheduler.ExponentialLR(optimizer, gamma=0.95),
    "linear": lambda optimizer, steps: lr_scheduler.LinearLR(optimizer, 1.0, FINAL_LR / LR, total_iters=steps),
}


def rates(make: Make, warmup: int) -> torch.Tensor:
    optimizer = torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))], lr=LR)
    scheduler: lr_scheduler.LRScheduler
    if warmup:
        rise = lr_scheduler.LinearLR(optimizer, RATIO, 1.0, total_iters=warmup)
        scheduler = lr_scheduler.SequentialLR(optimizer, [rise, make(optimizer, TOTAL - warmup)], milestones=[warmup])
    else:
        scheduler = make(optimizer, TOTAL)
    values = []
    for _ in range(TOTAL):
        values.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return torch.tensor(values, dtype=torch.float64)


def layer_of(name: str) -> int:
    """SimMIM's get_swin_layer; what it calls the downsampling at the end of a stage is our merging at the next one's beginning."""
    layers = sum(DEPTHS) + 2
    parts = name.split(".")
    if parts[0] == "model" and parts[1] == "tokenizers":
        return 0
    if "stages" not in parts:
        return sum(DEPTHS[:2]) if parts[-1] == "position_embedding" else layers - 1
    stage, kind = int(parts[parts.index("stages") + 1]), parts[parts.index("stages") + 2]
    if kind == "merging":
        return sum(DEPTHS[:stage])
    if kind == "prompts":
        return sum(DEPTHS[:stage]) + 1
    if kind == "blocks":
        return sum(DEPTHS[:stage]) + int(parts[parts.index("blocks") + 1]) + 1
    return layers - 1


def names() -> list[str]:
    result = ["model.tokenizers.hr.proj.weight", "model.tokenizers.ms.norm.bias", "model.backbone.position_embedding"]
    for stage, depth in enumerate(DEPTHS):
        result.append(f"model.backbone.stages.{stage}.norm.weight")
        if stage > 0:
            result.append(f"model.backbone.stages.{stage}.merging.reduction.weight")
        if stage > 1:
            result.append(f"model.backbone.stages.{stage}.prompts.hr")
        for block in range(depth):
            result += [f"model.backbone.stages.{stage}.blocks.{block}.{end}" for end in ("attn.qkv.weight", "mlp.hidden.bias")]
    return result + ["model.backbones.hr.stages.3.blocks.1.norm1.weight", "model.fusion.layers.0.attn.qkv.weight", "head.classifier.bias"]


def fixtures() -> dict[str, dict[str, torch.Tensor]]:
    schedules = {f"{name}.{warmup}": rates(make, warmup) for name, make in SCHEDULES.items() for warmup in (0, 10)}
    # BEiT: decay ** (number of layers - 1 - layer), the head's layer being the last.
    scales = {name: torch.tensor(DECAY ** (sum(DEPTHS) + 1 - layer_of(name)), dtype=torch.float64) for name in names()}
    return {"finetuning_schedules": schedules, "finetuning_layer_scales": scales}
