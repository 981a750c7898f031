#pragma once

#include <torch/types.h>

#include "boxes/rotated_overlap.h"
#include "boxes/upright_overlap.h"

namespace skysense {

/// Throws c10::ValueError where `boxes`, called `name` in the message, is not [N, columns] of float32 or float64.
void check_boxes(const torch::Tensor& boxes, int64_t columns, const char* name);

/// Throws c10::ValueError where `deltas` is neither [N, numbers] nor [N, K, numbers] beside boxes [N, ...].
void check_deltas(const torch::Tensor& deltas, const torch::Tensor& boxes, int64_t numbers, const char* name);

/// What coders divide their numbers by, as a tensor of the kind of `deltas` that does not learn.
torch::Tensor deviations_like(at::ArrayRef<double> deviations, const torch::Tensor& deltas);

/// Boxes [N, 5] on any device as columns.
RotatedColumns rotated_columns(const torch::Tensor& boxes);

/// Boxes [N, 4] of type Number on any device as columns.
template <class Number>
UprightColumns<Number> upright_columns(const torch::Tensor& boxes);

extern template UprightColumns<float> upright_columns(const torch::Tensor&);
extern template UprightColumns<double> upright_columns(const torch::Tensor&);

}  // namespace skysense
