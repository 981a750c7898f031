"""The pre-training step beside the same step written in plain PyTorch (python/peers): what both are timed on is the same work."""

import pytest
import torch
from conftest import result_of
from peers.pretrain_step import Training
from safetensors.torch import load_file

STEPS = 5
TOLERANCE = 1e-5  # float32, relative; the two differ by some 1e-7


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """Ours, and the losses and parts of the peer's steps."""
    case = tmp_path_factory.mktemp("peer") / "case.safetensors"
    settings = [word for key in ("model.drop_path=0", "model.fusion_drop_path=0", "gcpl.regions=2") for word in ("--set", key)]
    ours = result_of("bench", "--mode", "pretrain", "--preset", "nano", "--batch", 2, "--threads", 1, "--iterations", STEPS - 2, *settings, "--save-case", case)
    torch.set_num_threads(1)
    training = Training(load_file(case))
    return ours, [training.step(number) for number in range(STEPS)]


def test_the_peer_finds_our_losses(steps):
    ours, theirs = steps
    losses = [loss for loss, _ in theirs]
    assert ours["losses"] == pytest.approx(losses, rel=TOLERANCE)
    # The first step has a learning rate of 0: after it centres and prototypes alone have moved, later the weights too.
    assert min(abs(later - earlier) for later, earlier in zip(losses[1:], losses)) > 100 * TOLERANCE * losses[0]


def test_the_peer_finds_every_part_of_the_loss(steps):
    ours, theirs = steps
    parts = theirs[-1][1]
    assert {"hr.image", "ms.pixel", "sar.object", "fused.pixel", "query", "ita"} <= parts.keys()
    for name, value in parts.items():
        assert ours["parts"][name] == pytest.approx(value, rel=TOLERANCE), name
