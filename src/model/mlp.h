#pragma once

#include "model/feed_forward.h"
#include "model/projection.h"

namespace skysense {

/// Linear, exact GELU, linear (Vaswani et al. 2017 with Hendrycks & Gimpel's activation, as Swin and ViT have it).
class MlpImpl : public FeedForwardImpl {
 public:
  MlpImpl(int64_t dim, int64_t hidden);
  BlockOutput forward(const torch::Tensor& tokens) override;

 private:
  Projection fc1_, fc2_;
};
TORCH_MODULE(Mlp);

}  // namespace skysense
