"""Mixture of experts: a plain loop over tokens (Eq. 2) and the balancing loss written out."""

import torch
from parity.common import assert_same, randomise, weights_and_gradients
from peers import backbone
from torch import Tensor

DIM, EXPERTS, TOKENS = 32, 5, 64


def loop(moe: backbone.Moe, x: Tensor) -> tuple[Tensor, Tensor]:
    """Token by token, with the weights of `moe`."""
    outputs, assigned, probability = [], torch.zeros(EXPERTS), torch.zeros(EXPERTS)
    for token in x:
        gate = torch.softmax(moe.gate.weight @ token, 0)
        output = torch.zeros(DIM)
        for expert in gate.argsort(descending=True)[: moe.top_k].tolist():
            mlp = moe.experts[expert]
            hidden = torch.nn.functional.gelu(mlp.fc1.weight @ token + mlp.fc1.bias)
            output = output + gate[expert] * (mlp.fc2.weight @ hidden + mlp.fc2.bias)
            assigned[expert] += 1
        outputs.append(output)
        probability = probability + gate
    balance = EXPERTS * (assigned / assigned.sum() * probability / len(x)).sum()
    return torch.stack(outputs), balance


def write(top_k: int) -> dict[str, Tensor]:
    moe = backbone.Moe(DIM, 4 * DIM, EXPERTS, top_k)
    randomise(moe)
    x = torch.randn(TOKENS, DIM, requires_grad=True)
    output, balance = loop(moe, x)
    probe = torch.randn_like(output)
    ((output * probe).sum() + 3 * balance).backward()
    peer_output, peer_balance = moe(x)
    assert_same(peer_output, output)
    assert_same(peer_balance, balance)
    return {"input": x, "output": output, "balance": balance, "probe": probe, "input_gradient": x.grad, **weights_and_gradients(moe)}


def fixtures() -> dict[str, dict[str, Tensor]]:
    return {"moe_top1": write(1), "moe_top2": write(2)}
