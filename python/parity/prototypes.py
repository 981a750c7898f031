"""GCPL (paper Eqs. 13-15): two steps of the prototypes of two regions, the first of two micro-batches."""

import torch
import torch.nn.functional as F

from parity.object_contrast import sinkhorn

WIDTH, PROTOTYPES, GRID, MOMENTUM = 8, 3, 4, 0.99


def region_means(prototypes, batches):
    """Eq. 14 with columns of S normalised to 1, over the batches together; each batch [cells, d] is assigned on its own."""
    sums, mass = torch.zeros(PROTOTYPES, WIDTH), torch.zeros(PROTOTYPES, 1)
    for cells in batches:
        m = F.cosine_similarity(cells[:, None], prototypes[None], dim=-1)  # Eq. 13
        s = sinkhorn(m)
        sums += s.T @ cells
        mass += s.sum(0)[:, None]
    return sums / mass


def fixtures():
    torch.manual_seed(14)
    start = torch.randn(2, PROTOTYPES, WIDTH)
    regions = torch.tensor([[0, 1, 0, -1], [1, 1, -1, -1], [0, 0, 0, 0]])  # of the places of three micro-batches
    features = torch.randn(3, 2, 4, 1, GRID, GRID, WIDTH)  # micro-batch, view, place
    valid = torch.rand(3, 2, 4, 1, GRID, GRID) > 0.3
    prototypes = start.clone()
    after = []
    for step in ([0, 1], [2]):
        moved = prototypes.clone()
        for region in range(2):
            batches = []
            for micro in step:
                for place in (regions[micro] == region).nonzero()[:, 0]:
                    batches.append(features[micro][:, place][valid[micro][:, place]])
            if batches:
                moved[region] = MOMENTUM * prototypes[region] + (1 - MOMENTUM) * region_means(prototypes[region], batches)  # Eq. 15
        prototypes = moved
        after.append(prototypes)
    return {"prototypes": {"start": start, "regions": regions, "features": features, "valid": valid, "after.0": after[0], "after.1": after[1]}}
