"""Fixtures of the fusion encoder: values and gradients of the PyTorch peer, whose layers are torch.nn's own."""

import torch

from peers.fusion import Fusion, product_weights

FEATURE_DIM, DIM, LAYERS, BATCH = 64, 128, 2, 2


def make_peer() -> Fusion:
    peer = Fusion(FEATURE_DIM, DIM, LAYERS)
    with torch.no_grad():
        for parameter in peer.parameters():
            # Norms and biases away from 1 and 0, so that a swapped or forgotten one shows.
            parameter.add_(torch.randn_like(parameter) * 0.1)
    return peer


def make_series(dates: int, side: tuple[int, int], grid: tuple[int, int]) -> dict[str, torch.Tensor]:
    return {
        "features": torch.randn(BATCH, dates, *side, FEATURE_DIM),
        "valid": torch.rand(BATCH, dates, *grid) < 0.7,
        "day_of_year": torch.randint(1, 366, (BATCH, dates)),
        "present": torch.rand(BATCH, dates) < 0.8,
    }


def run(peer: Fusion, series: dict, grid: tuple[int, int], prototypes: torch.Tensor | None) -> dict[str, torch.Tensor]:
    for one in series.values():
        one["features"].requires_grad_()
    fused, aligned = peer(series, grid, prototypes)
    out = {"fused": fused, "fused_gradient": torch.randn_like(fused), "grid": torch.tensor(grid)}
    loss = (fused * out["fused_gradient"]).sum()
    for name, value in aligned.items():
        out[f"aligned.{name}"] = value
        out[f"aligned_gradient.{name}"] = torch.randn_like(value)
        loss = loss + (value * out[f"aligned_gradient.{name}"]).sum()
    loss.backward()
    for name, one in series.items():
        out |= {f"{name}.{key}": value for key, value in one.items()}
        out[f"{name}.features_gradient"] = one["features"].grad
    if prototypes is not None:
        out["prototypes"] = prototypes
    weights = dict(peer.named_parameters())
    out |= {f"weights.{name}": value for name, value in product_weights(weights).items()}
    used = {name: value.grad for name, value in weights.items() if value.grad is not None}
    out |= {f"gradients.{name}": value for name, value in product_weights(used).items()}
    return out


def all_modalities() -> dict[str, torch.Tensor]:
    """Every modality, ragged and with holes: one grid already right, one to be shrunk, one exactly reached by the up-head."""
    grid = (8, 12)
    series = {"hr": make_series(1, (8, 12), grid), "ms": make_series(4, (2, 3), grid), "sar": make_series(3, (3, 4), grid)}
    series["ms"]["day_of_year"][0, 0] = 366
    series["hr"]["day_of_year"][:] = 0
    series["ms"]["valid"][0, :, 0, 0] = series["hr"]["valid"][0, :, 0, 0] = series["sar"]["valid"][0, :, 0, 0] = False
    return run(make_peer(), series, grid, torch.randn(BATCH, 5, DIM))


def one_modality() -> dict[str, torch.Tensor]:
    """MS alone, undated, unmasked, without prototypes, on a grid finer along one axis and coarser along the other."""
    series = {"ms": {"features": torch.randn(BATCH, 2, 2, 2, FEATURE_DIM)}}
    return run(make_peer(), series, (12, 6), None)


def fixtures() -> dict[str, dict[str, torch.Tensor]]:
    return {"fusion_all": all_modalities(), "fusion_one": one_modality()}
