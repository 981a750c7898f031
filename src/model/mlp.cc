#include "model/mlp.h"

#include "model/moe.h"

namespace skysense {

MlpImpl::MlpImpl(int64_t dim, int64_t hidden)
    : fc1_(register_module("fc1", Projection(dim, hidden))), fc2_(register_module("fc2", Projection(hidden, dim))) {}

BlockOutput MlpImpl::forward(const torch::Tensor& tokens) { return {fc2_(fc1_(tokens, Activation::kGelu)), {}}; }

std::shared_ptr<FeedForwardImpl> make_feed_forward(int64_t dim, int64_t mlp_ratio, int64_t experts, int64_t top_k) {
  if (experts == 0) return std::make_shared<MlpImpl>(dim, mlp_ratio * dim);
  return std::make_shared<MoeImpl>(
      MixtureOptions{.dim = dim, .hidden = mlp_ratio * dim, .experts = experts, .top_k = top_k});
}

}  // namespace skysense
