"""What the fixture writers share."""

import torch
from torch import Tensor, nn


def randomise(module: nn.Module, deviation: float = 0.1) -> None:
    """Every parameter away from its initial value, so that no bias or scale can be forgotten unnoticed."""
    with torch.no_grad():
        for parameter in module.parameters():
            parameter.add_(torch.randn_like(parameter) * deviation)


def weights_and_gradients(module: nn.Module) -> dict[str, Tensor]:
    """"weights.<name>" and "gradients.<name>" of every parameter; one without a gradient is an error."""
    tensors = {}
    for name, parameter in module.named_parameters():
        assert parameter.grad is not None, f"{name} has no gradient"
        tensors[f"weights.{name}"] = parameter
        tensors[f"gradients.{name}"] = parameter.grad
    return tensors


def assert_same(actual: Tensor, expected: Tensor, tolerance: float = 2e-5) -> None:
    """The peer against its own reference; stops the writing of fixtures."""
    difference = (actual - expected).norm() / expected.norm()
    assert difference <= tolerance, f"relative difference {difference:.2e} exceeds {tolerance}"


def assert_peer_equals(peer: nn.Module, reference: dict[str, Tensor], output: Tensor, probe: Tensor) -> None:
    """Loads the reference's weights into the peer and compares output and gradients. `probe` weighs the output."""
    peer.load_state_dict({name[len("weights.") :]: value for name, value in reference.items() if name.startswith("weights.")})
    peer.zero_grad()
    x = reference["input"].detach().clone().requires_grad_()
    result = peer(x)
    result = result[0] if isinstance(result, tuple) else result
    assert_same(result, output)
    (result * probe).sum().backward()
    assert_same(x.grad, reference["input_gradient"])
    for name, parameter in peer.named_parameters():
        assert_same(parameter.grad, reference[f"gradients.{name}"], 5e-5)
