#include "model/linear.h"

#include <ATen/Context.h>
#include <ATen/ops/linear.h>
#include <torch/csrc/autograd/custom_function.h>

#include "model/autocast.h"
#include "model/onednn.h"

namespace skysense {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr int64_t kFewRows = 64;  // the weight's own way into oneDNN's layout is not worth it

struct OnednnLinear : torch::autograd::Function<OnednnLinear> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& x, const torch::Tensor& weight,
                               const std::optional<torch::Tensor>& bias) {
    context->save_for_backward({x, weight});
    context->saved_data["bias"] = bias.has_value();
    return onednn_linear(x, weight, bias);
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    const auto &x = saved[0], &weight = saved[1];
    const auto gradient = gradients[0].contiguous();
    const auto rows = gradient.view({-1, gradient.size(-1)});
    variable_list found(3);
    if (context->needs_input_grad(0)) found[0] = onednn_linear(gradient, weight.t(), std::nullopt);
    if (context->needs_input_grad(1)) found[1] = onednn_linear(rows.t(), x.view({-1, x.size(-1)}).t(), std::nullopt);
    const bool with_bias = context->saved_data["bias"].toBool();
    if (with_bias && context->needs_input_grad(2)) found[2] = rows.sum(0);
    return found;
  }
};

}  // namespace

torch::Tensor apply_linear(const torch::Tensor& x, const torch::Tensor& weight, const torch::Tensor& bias) {
  const bool onednn = x.is_cpu() && x.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat &&
                      autocast_dtype(at::kCPU) == at::kFloat && x.numel() >= kFewRows * x.size(-1) &&
                      at::globalContext().hasMKLDNN();
  const auto optional_bias = bias.defined() ? std::optional(bias) : std::nullopt;
  if (!onednn) return at::linear(x, weight, optional_bias);
  return OnednnLinear::apply(x.contiguous(), weight.contiguous(), optional_bias);
}

}  // namespace skysense
