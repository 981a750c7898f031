#pragma once

#include <torch/types.h>

namespace skysense {

/// Log-odds that a pixel's class differs between two dates, from the logits of both [B, K, H, W] -> [B, 1, H, W]:
/// the probability is 1 - sum_k p_k q_k. Change is a difference of labels, as DynamicEarthNet defines it (Toker et al.
/// 2022, arXiv 2203.12560, sec. 4), so a segmentation network needs no parameters of its own for it (paper sec. 4.2,
/// App. D.3 "the same configuration as the segmentation task"). Does not depend on the order of the dates. float32.
torch::Tensor change_logits(const torch::Tensor& before, const torch::Tensor& after);

}  // namespace skysense
