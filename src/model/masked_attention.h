#pragma once

#include <torch/nn/module.h>
#include <torch/types.h>

#include "model/projection.h"

namespace skysense {

/// Multi-head self-attention over many short sequences, some of whose keys are masked (Vaswani et al. 2017), with a
/// bias in every projection.
class MaskedAttentionImpl : public torch::nn::Module {
 public:
  /// `dim` is a multiple of `heads`, else c10::ValueError.
  MaskedAttentionImpl(int64_t dim, int64_t heads);
  /// sequences [N, L, dim]; key_bias [N, L], 0 for a key that may be attended to and -inf for a masked one (each
  /// sequence needs one that is not) -> the first `queries` positions' outputs, [N, queries, dim].
  torch::Tensor forward(const torch::Tensor& sequences, const torch::Tensor& key_bias, int64_t queries);

 private:
  const int64_t heads_;
  Projection qkv_, proj_;
};
TORCH_MODULE(MaskedAttention);

}  // namespace skysense
