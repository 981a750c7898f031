#include "model/projection.h"

#include <ATen/Context.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <ATen/core/grad_mode.h>
#include <ATen/ops/gelu.h>
#include <ATen/ops/linear.h>

#include "model/autocast.h"

namespace skysense {
namespace {

// These operators have no C++ declaration in LibTorch's headers; the dispatcher knows them.

/// A weight in the layout that oneDNN prefers.
torch::Tensor reorder_weight(const torch::Tensor& weight) {
  static const auto operation = c10::Dispatcher::singleton()
                                    .findSchemaOrThrow("mkldnn::_reorder_linear_weight", "")
                                    .typed<torch::Tensor(const torch::Tensor&, std::optional<int64_t>)>();
  return operation.call(weight, std::nullopt);
}

torch::Tensor packed_linear(const torch::Tensor& x, const torch::Tensor& weight,
                            const std::optional<torch::Tensor>& bias, Activation activation) {
  static const auto operation =
      c10::Dispatcher::singleton()
          .findSchemaOrThrow("mkldnn::_linear_pointwise", "")
          .typed<torch::Tensor(const torch::Tensor&, const torch::Tensor&, const std::optional<torch::Tensor>&,
                               c10::string_view, c10::List<std::optional<at::Scalar>>,
                               std::optional<c10::string_view>)>();
  const bool gelu = activation == Activation::kGelu;
  return operation.call(x, weight, bias, gelu ? "gelu" : "none", c10::List<std::optional<at::Scalar>>(),
                        gelu ? std::optional<c10::string_view>("none") : std::nullopt);
}

}  // namespace

torch::Tensor ProjectionImpl::with_bias(const torch::Tensor& x, const torch::Tensor& other_bias,
                                        Activation activation) {
  const auto optional_bias = other_bias.defined() ? std::optional(other_bias) : std::nullopt;
  if (packed_for(x)) {
    const auto packed_bias = optional_bias ? std::optional(optional_bias->to(packed_dtype_)) : std::nullopt;
    return packed_linear(x.to(packed_dtype_).contiguous(), packed_weight_, packed_bias, activation);
  }
  auto y = at::linear(x, weight, optional_bias);
  if (activation == Activation::kNone) return y;
  return at::GradMode::is_enabled() ? at::gelu(y) : at::gelu_(y);
}

bool ProjectionImpl::packed_for(const torch::Tensor& x) const {
  return packed_weight_.defined() && !at::GradMode::is_enabled() && x.is_cpu() &&
         autocast_dtype(at::kCPU) == packed_dtype_ && weight._version() == packed_version_ && x.numel() > 0;
}

void ProjectionImpl::pack(torch::Dtype dtype) {
  const at::NoGradGuard no_gradient;
  packed_weight_ = reorder_weight(weight.detach().to(dtype).contiguous());
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
