#include "model/geo_context.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/linear.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/softmax.h>

#include <cmath>

namespace skysense {

GeoContextImpl::GeoContextImpl(int64_t dim)
    : linear_(register_module("linear", torch::nn::Linear(torch::nn::LinearOptions(2 * dim, dim).bias(false)))) {}

torch::Tensor GeoContextImpl::forward(const torch::Tensor& fused, const torch::Tensor& prototypes) {
  const int64_t dim = fused.size(-1);
  // A context of zeros meets the second half of the weight: leaving both out gives the same for half the work.
  if (!prototypes.defined()) return at::linear(fused, linear_->weight.narrow(1, 0, dim));
  TORCH_CHECK_VALUE(prototypes.dim() == 3 && prototypes.size(0) == fused.size(0) && prototypes.size(2) == dim,
                    "prototypes must be [", fused.size(0), ", P, ", dim, "], got ", prototypes.sizes());
  const auto scores = at::matmul(fused, prototypes.transpose(1, 2)) / std::sqrt(static_cast<double>(dim));
  const auto context = at::matmul(at::softmax(scores, -1), prototypes);
  return linear_(at::cat({fused, context}, -1));
}

}  // namespace skysense
