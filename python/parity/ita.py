"""ITA (paper Eq. 12, the logarithm inside the sum): a cell at a time."""

import torch
import torch.nn.functional as F

PLACES, DATES, WIDTH, TEXT_WIDTH, CLASSES, TEMPERATURE = 2, 3, 8, 6, 5, 0.07


def fixtures():
    torch.manual_seed(13)
    linear = torch.nn.Linear(WIDTH, TEXT_WIDTH)
    texts = torch.randn(CLASSES, TEXT_WIDTH)
    maps = [torch.randn(PLACES, DATES, 4, 4, WIDTH, requires_grad=True) for _ in range(2)]
    valid = [torch.rand(PLACES, DATES, 4, 4) > 0.4 for _ in range(2)]
    valid[0][0, :, 0] = False
    labels = [torch.randint(-1, CLASSES, (PLACES, 4, 4)) for _ in range(2)]
    terms = []
    for view in range(2):
        for b in range(PLACES):
            for i in range(4):
                for j in range(4):
                    dates = [maps[view][b, t, i, j] for t in range(DATES) if valid[view][b, t, i, j]]
                    label = int(labels[view][b, i, j])
                    if not dates or label < 0:
                        continue
                    feature = linear(torch.stack(dates).mean(0))
                    scores = torch.stack([F.cosine_similarity(feature, text, dim=0) / TEMPERATURE for text in texts])
                    terms.append(-(scores[label].exp() / scores.exp().sum()).log())
    loss = torch.stack(terms).mean()
    loss.backward()
    tensors = {"loss": loss.reshape(1), "cells": torch.tensor([len(terms)]), "texts": texts}
    for view in range(2):
        tensors |= {f"features.{view}": maps[view], f"valid.{view}": valid[view], f"labels.{view}": labels[view],
                    f"gradient.{view}": maps[view].grad}
    for name, value in linear.named_parameters():
        tensors |= {f"alignment.projection.{name}": value, f"projection_gradient.{name}": value.grad}
    return {"ita": tensors}
