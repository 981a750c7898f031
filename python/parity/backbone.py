"""The whole backbone with its tokenizers: the peer, whose blocks the other fixtures check against timm and torch.nn."""

import torch
from parity.common import randomise, weights_and_gradients
from peers.backbone import Options, SkySense
from torch import Tensor

CHANNELS = {"hr": 3, "ms": 10, "sar": 2}
# name: modality, image size, subsampling before stages 2 to 4 (None: the modality's default), prompts
CASES = {
    "hr": ("hr", (64, 96), None, True),
    "hr_odd": ("hr", (75, 53), None, True),
    "hr_keeps_last": ("hr", (68, 36), (True, True, False), True),
    "hr_keeps_middle": ("hr", (44, 52), (True, False, True), False),
    "ms": ("ms", (48, 40), None, True),
    "ms_small": ("ms", (9, 5), None, True),
    "ms_subsamples": ("ms", (84, 70), (True, True, True), True),
    "sar": ("sar", (37, 70), None, True),
    "sar_patch": ("sar", (4, 4), (False, True, False), True),
}


def write(options: Options, names: tuple[str, ...]) -> dict[str, Tensor]:
    """Inputs and outputs of the cases, and the gradients of the sum of their losses."""
    model = SkySense(options, CHANNELS)
    randomise(model, 0.02)
    tensors: dict[str, Tensor] = {}
    loss = torch.zeros(())
    for name in names:
        modality, size, subsample, prompts = CASES[name]
        image = torch.randn(2, CHANNELS[modality], *size)
        stages, balance = model.encode(modality, image, subsample=subsample, use_prompts=prompts)
        tensors[f"{name}.image"] = image
        for index, features in enumerate(stages):
            probe = torch.randn_like(features)
            tensors |= {f"{name}.stage{index}": features, f"{name}.probe{index}": probe}
            loss = loss + (features * probe).mean()
        tensors[f"{name}.moe_loss"] = torch.as_tensor(balance)
        loss = loss + 0.01 * balance
    loss.backward()
    return tensors | weights_and_gradients(model)


def fixtures() -> dict[str, dict[str, Tensor]]:
    everything = tuple(CASES)
    experts = {"experts": 4, "top_k": 2, "expert_blocks": (1, 6, 9)}
    return {
        "backbone": write(Options(position_grid=12), everything),
        "backbone_experts": write(Options(position_grid=12, **experts), ("hr", "ms", "sar")),
        "backbone_windows": write(Options(position_grid=12, global_attention=False), ("hr_odd", "ms", "sar")),
    }
