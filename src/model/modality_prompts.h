#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>

#include "core/modality.h"

namespace skysense {

/// Learned prompt tokens of one stage, some for each modality, and one projection that the modalities share (paper
/// sec. 3.1.2, Eq. 1; the projection as in visual prompt tuning, DESIGN 3).
class ModalityPromptsImpl : public torch::nn::Module {
 public:
  /// `count` tokens a modality, count >= 1, of width `dim`.
  ModalityPromptsImpl(int64_t count, int64_t dim, bool projection);
  /// sequence [B, N, dim] -> [B, count + N, dim], the modality's prompts first.
  torch::Tensor add(const torch::Tensor& sequence, Modality modality);
  /// The inverse: [B, count + N, dim] -> [B, N, dim].
  torch::Tensor drop(const torch::Tensor& sequence) const;

 private:
  const int64_t count_;
  PerModality<torch::Tensor> tokens_;  // each [count, dim]
  torch::nn::Linear projection_{nullptr};
};
TORCH_MODULE(ModalityPrompts);

}  // namespace skysense
