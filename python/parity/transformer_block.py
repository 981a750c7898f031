"""Vanilla transformer block: torch.nn.TransformerEncoderLayer, pre-norm, exact GELU, no dropout."""

import torch
from parity.common import assert_peer_equals, randomise, weights_and_gradients
from peers import backbone
from torch import Tensor, nn

DIM, HEADS, LENGTH = 128, 4, 37
NAMES = {
    "self_attn.in_proj_": "attn.qkv.",
    "self_attn.out_proj.": "attn.proj.",
    "linear1.": "mlp.fc1.",
    "linear2.": "mlp.fc2.",
}


def our_name(name: str) -> str:
    for theirs, ours in NAMES.items():
        name = name.replace(theirs, ours)
    return name


def fixtures() -> dict[str, dict[str, Tensor]]:
    reference = nn.TransformerEncoderLayer(DIM, HEADS, 4 * DIM, dropout=0.0, activation="gelu", batch_first=True, norm_first=True)
    randomise(reference, 0.05)
    x = torch.randn(3, LENGTH, DIM, requires_grad=True)
    output = reference(x)
    probe = torch.randn_like(output)
    (output * probe).sum().backward()
    tensors = {our_name(name): value for name, value in weights_and_gradients(reference).items()}
    tensors |= {"input": x, "output": output, "probe": probe, "input_gradient": x.grad}
    assert_peer_equals(backbone.TransformerBlock(DIM, HEADS, backbone.Mlp(DIM, 4 * DIM)), tensors, output, probe)
    return {"transformer_block": tensors}
