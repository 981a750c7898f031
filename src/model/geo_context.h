#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/linear.h>
#include <torch/types.h>

namespace skysense {

/// Adds the regional context to the fused features: they attend to the prototypes of their region, and feature and
/// context together are brought back to width d (SkySense, sec. 3.1, geo-context integration; paper App. A.3; DESIGN
/// 4).
class GeoContextImpl : public torch::nn::Module {
 public:
  explicit GeoContextImpl(int64_t dim);
  /// fused [B, S, d], prototypes [B, P, d] of each sample's region, or an undefined tensor, which makes the context
  /// zero
  /// -> [B, S, d].
  torch::Tensor forward(const torch::Tensor& fused, const torch::Tensor& prototypes);

 private:
  torch::nn::Linear linear_;  // 2d -> d, the feature's half of the input first
};
TORCH_MODULE(GeoContext);

}  // namespace skysense
