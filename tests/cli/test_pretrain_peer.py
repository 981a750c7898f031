"""The pre-training step beside the same step written in plain PyTorch (python/peers): what both are timed on is the same work."""

import pytest
import torch
from conftest import result_of
from peers.pretrain_step import Training
from safetensors.torch import load_file

STEPS = 5
# float32, relative. Until the first update both compute the same from the same weights; then AdamW, whose first updates
# have the size of the learning rate whatever the gradient's, makes differences of rounding larger.
BEFORE_UPDATE, AFTER_UPDATE = 1e-5, 1e-4


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
    assert len(ours["losses"]) == STEPS
    # The first step has a learning rate of 0: the second differs by centres and prototypes alone.
    assert ours["losses"][:2] == pytest.approx(losses[:2], rel=BEFORE_UPDATE)
    assert ours["losses"][2:] == pytest.approx(losses[2:], rel=AFTER_UPDATE)
    assert abs(losses[-1] - losses[1]) > 100 * AFTER_UPDATE * losses[1]  # the updates are seen


def test_the_peer_finds_every_part_of_the_loss(steps):
    ours, theirs = steps
    parts = theirs[-1][1]
    assert {"hr.image", "ms.pixel", "sar.object", "fused.pixel", "query", "ita"} <= parts.keys()
    for name, value in parts.items():
        assert ours["parts"][name] == pytest.approx(value, rel=10 * AFTER_UPDATE), name
