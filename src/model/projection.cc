#include "model/projection.h"

#include <ATen/Context.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/gelu.h>

#include "model/autocast.h"
#include "model/linear.h"
#include "model/onednn.h"

namespace skysense {
torch::Tensor ProjectionImpl::with_bias(const torch::Tensor& x, const torch::Tensor& other_bias,
                                        Activation activation) {
  if (packed_for(x)) {
    const auto packed_bias = other_bias.defined() ? std::optional(other_bias.to(packed_dtype_)) : std::nullopt;
    return onednn_linear(x.to(packed_dtype_).contiguous(), packed_weight_, packed_bias,
                         activation == Activation::kGelu);
  }
  auto y = apply_linear(x, weight, other_bias);
  if (activation == Activation::kNone) return y;
  return at::GradMode::is_enabled() ? at::gelu(y) : at::gelu_(y);
}

bool ProjectionImpl::packed_for(const torch::Tensor& x) const {
  return packed_weight_.defined() && !at::GradMode::is_enabled() && x.is_cpu() &&
         autocast_dtype(at::kCPU) == packed_dtype_ && weight._version() == packed_version_ && x.numel() > 0;
}

void ProjectionImpl::pack(torch::Dtype dtype) {
  const at::NoGradGuard no_gradient;
  packed_weight_ = onednn_reordered(weight.detach().to(dtype).contiguous());
  packed_dtype_ = dtype;
  packed_version_ = weight._version();
}

void prepare_for_inference(torch::nn::Module& model, torch::Dtype dtype) {
  if (!at::globalContext().hasMKLDNN()) return;
  for (const auto& module : model.modules()) {
    if (auto* projection = module->as<ProjectionImpl>()) projection->pack(dtype);
  }
}

}  // namespace skysense
