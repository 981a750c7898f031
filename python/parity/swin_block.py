"""Swin V2 block, without and with shift: timm's SwinTransformerV2Block."""

import torch
from parity.common import assert_peer_equals, randomise, weights_and_gradients
from peers import backbone
from timm.models.swin_transformer_v2 import SwinTransformerV2Block
from torch import Tensor

# timm attends to padded tokens, so the sides are multiples of the window; masking has property tests of its own.
DIM, HEADS, WINDOW, GRID = 64, 2, 8, (16, 24)


def write(shift: int) -> dict[str, Tensor]:
    reference = SwinTransformerV2Block(DIM, GRID, HEADS, window_size=WINDOW, shift_size=shift)
    randomise(reference)
    with torch.no_grad():
        reference.attn.logit_scale[0] = 6.0  # above log 100, so that the clamp acts
    x = torch.randn(2, *GRID, DIM, requires_grad=True)
    output = reference(x)
    probe = torch.randn_like(output)
    (output * probe).sum().backward()
    tensors = {"input": x, "output": output, "probe": probe, "input_gradient": x.grad, **weights_and_gradients(reference)}
    assert_peer_equals(backbone.SwinBlock(DIM, HEADS, WINDOW, shift, backbone.Mlp(DIM, 4 * DIM)), tensors, output, probe)
    return tensors


def fixtures() -> dict[str, dict[str, Tensor]]:
    return {"swin_block": write(shift=0), "swin_block_shifted": write(shift=WINDOW // 2)}
