#pragma once

#include <torch/types.h>

namespace skysense {

/// KoLeo, the Kozachenko-Leonenko estimate of differential entropy as DINOv2 uses it (arXiv 2304.07193, sec. 4): minus
/// the mean logarithm of each place's distance to its nearest neighbour among the other places of the batch, on the unit
/// sphere. It keeps the places of a batch apart, which the learning loss of a small batch does not do on its own. The
/// dates of a place are not pushed apart: a neighbour is always another place.
/// pooled [B * T, d] (date within place), valid [B * T] bool, T dates a place -> scalar; zero with fewer than two places.
torch::Tensor spread_loss(const torch::Tensor& pooled, const torch::Tensor& valid, int64_t dates);

}  // namespace skysense
