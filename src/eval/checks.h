#pragma once

#include <torch/types.h>

namespace skysense {

/// Throws c10::ValueError unless features are [N, D] of a floating dtype, with D > 0, and finite.
void check_features(const torch::Tensor& features);
/// The same, and classes are [N] int64 in [0, class_count), with N > 0.
void check_samples(const torch::Tensor& features, const torch::Tensor& classes, int64_t class_count);
/// Throws c10::ValueError unless classes are [N] int64 in [0, class_count).
void check_classes(const torch::Tensor& classes, int64_t class_count);

}  // namespace skysense
