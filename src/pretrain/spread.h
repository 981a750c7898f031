#pragma once

#include <torch/types.h>

#include <vector>

#include "engine/ranks.h"
#include "pretrain/image_level.h"
#include "pretrain/mean.h"

namespace skysense {

/// KoLeo, the Kozachenko-Leonenko estimate of differential entropy as DINOv2 uses it (arXiv 2304.07193, sec. 4): minus
/// the mean logarithm of each image's distance to its nearest neighbour among the images of other places in the same
/// view, on the unit sphere. It keeps the places of a batch apart, which the learning loss of a small batch does not do
/// on its own. The dates of a place are not pushed apart. Neighbours are sought in the micro-batch of all ranks: the
/// sum is over this rank's images, its gradient that of the sum over all, in which they are neighbours too. views:
/// features [B * T, d], date within place; `dates` T. Zero of zero where no other place is.
Mean spread_loss(const std::vector<PooledImages>& views, int64_t dates, const Ranks& ranks = alone());

/// What a rank without images does in place of it: every one takes part.
void no_spread(torch::Device device, const Ranks& ranks);

}  // namespace skysense
