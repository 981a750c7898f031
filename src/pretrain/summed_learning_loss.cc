#include "pretrain/summed_learning_loss.h"

#include <torch/csrc/autograd/custom_function.h>

#include <algorithm>

#include "model/autocast.h"
#include "model/linear.h"

namespace skysense {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

struct SummedLearningLoss : torch::autograd::Function<SummedLearningLoss> {
  static torch::Tensor forward(AutogradContext* context, const torch::Tensor& codes, const torch::Tensor& outputs,
                               const torch::Tensor& targets, const torch::Tensor& row_of, double temperature) {
    const auto dtype = autocast_dtype(codes.device().type());
    const AutocastScope no_autocast(codes.device().type(), c10::kFloat);
    const auto scaled = (codes / temperature).to(dtype), weight = outputs.to(dtype);
    auto code_gradient = torch::empty_like(codes), output_gradient = torch::zeros_like(outputs);
    auto total = torch::zeros({}, codes.options());
    const int64_t step = codes.is_cpu() ? kCpuPiece : kGpuPiece, count = codes.size(0);
    const auto starts = torch::arange(0, count + step, step, row_of.options());
    const auto first_target = torch::searchsorted(row_of, starts).cpu();
    for (int64_t piece = 0; piece * step < count; ++piece) {
      const int64_t first = piece * step, rows = std::min(step, count - first);
      const auto from = first_target[piece].item<int64_t>(), to = first_target[piece + 1].item<int64_t>();
      const auto place = row_of.narrow(0, from, to - from) - first;
      const auto code = scaled.narrow(0, first, rows);
      auto z = apply_linear(code, weight).to(torch::kFloat);
      // The targets of a code are added before they meet its logits.
      const auto added = torch::zeros_like(z).index_add_(0, place, targets.narrow(0, from, to - from));
      const auto targets_of =
          torch::zeros({rows}, z.options()).index_add_(0, place, torch::ones({to - from}, z.options()));
      const auto log_sum = z.logsumexp(-1);
      total += torch::dot(targets_of, log_sum) - torch::dot(added.view(-1), z.view(-1));
      const auto gradient = z.sub_(log_sum.unsqueeze(1)).exp_().mul_(targets_of.unsqueeze(1)).sub_(added).to(dtype);
      code_gradient.narrow(0, first, rows).copy_(torch::matmul(gradient, weight));
      output_gradient += torch::matmul(gradient.t(), code);
    }
    context->save_for_backward({code_gradient.div_(temperature), output_gradient});
    return total;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto saved = context->get_saved_variables();
    return {saved[0] * gradients[0], saved[1] * gradients[0], {}, {}, {}};
  }
};

}  // namespace

torch::Tensor summed_learning_loss(const torch::Tensor& codes, const torch::Tensor& outputs,
                                   const torch::Tensor& targets, const torch::Tensor& row_of, double temperature) {
  TORCH_CHECK_VALUE(codes.dim() == 2 && outputs.dim() == 2 && codes.size(1) == outputs.size(1) &&
                        targets.sizes() == torch::IntArrayRef({row_of.size(0), outputs.size(0)}),
                    "summed_learning_loss: codes ", codes.sizes(), ", outputs ", outputs.sizes(), ", targets ",
                    targets.sizes(), ", rows ", row_of.sizes());
  return SummedLearningLoss::apply(codes, outputs, targets, row_of, temperature);
}

}  // namespace skysense
