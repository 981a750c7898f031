"""Patch merging: timm's. Its keep mode equals timm's on an input whose tokens are repeated 2x2 and divided by four."""

import torch
from parity.common import assert_same, randomise, weights_and_gradients
from peers import backbone
from timm.models.swin_transformer_v2 import PatchMerging
from torch import Tensor

DIM, GRID = 32, (5, 8)


def write(subsample: bool) -> dict[str, Tensor]:
    reference = PatchMerging(DIM)
    randomise(reference)
    x = torch.randn(2, *GRID, DIM, requires_grad=True)
    output = reference(x if subsample else x.repeat_interleave(2, 1).repeat_interleave(2, 2) / 4)
    probe = torch.randn_like(output)
    (output * probe).sum().backward()
    peer = backbone.PatchMerging(DIM)
    peer.load_state_dict(reference.state_dict())
    assert_same(peer(x, subsample), output)
    return {"input": x, "output": output, "probe": probe, "input_gradient": x.grad, **weights_and_gradients(reference)}


def fixtures() -> dict[str, dict[str, Tensor]]:
    return {"patch_merging_subsample": write(True), "patch_merging_keep": write(False)}
