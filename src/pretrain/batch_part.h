#pragma once

#include <torch/types.h>

#include <vector>

#include "data/view_batch.h"

namespace skysense {

/// Places [first, first + count) of every view, on `device`: one micro-batch of a step. What the host decides by stays
/// on the CPU: `present` and `locations`.
std::vector<ViewBatch> batch_part(const std::vector<ViewBatch>& views, int64_t first, int64_t count,
                                  torch::Device device);

}  // namespace skysense
