#include "engine/adamw.h"

#include <ATen/ops/_foreach_mul.h>
#include <ATen/ops/_foreach_norm.h>
#include <ATen/ops/_fused_adamw.h>
#include <ATen/ops/linalg_vector_norm.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace skysense {
namespace {

std::vector<std::string_view> last_two_parts(std::string_view name) {
  std::vector<std::string_view> parts;
  while (parts.size() < 2 && !name.empty()) {
    const size_t dot = name.rfind('.');
    parts.push_back(name.substr(dot == std::string_view::npos ? 0 : dot + 1));
    name = dot == std::string_view::npos ? std::string_view() : name.substr(0, dot);
  }
  return parts;
}

/// The fused kernels walk parameter and gradient as one run of memory: both must be laid out alike.
torch::Tensor laid_out_as(const torch::Tensor& parameter, const torch::Tensor& gradient) {
  if (gradient.strides() == parameter.strides() && gradient.dtype() == parameter.dtype()) return gradient;
  return torch::empty_like(parameter).copy_(gradient);
}

/// Who has the state of which parameter: the largest first, each to the rank that has least so far.
std::map<std::string, int64_t> share_out(const NamedTensors& parameters, int64_t ranks) {
  std::vector<std::pair<int64_t, std::string>> by_size;
  for (const auto& [name, parameter] : parameters) by_size.emplace_back(-parameter.numel(), name);
  std::sort(by_size.begin(), by_size.end());
  std::vector<int64_t> held(static_cast<size_t>(ranks), 0);
  std::map<std::string, int64_t> owners;
  for (const auto& [negative_size, name] : by_size) {
    const auto least = std::min_element(held.begin(), held.end());
    owners[name] = least - held.begin();
    *least -= negative_size;
  }
  return owners;
}

}  // namespace

bool takes_weight_decay(const std::string& name, const torch::Tensor& parameter) {
  constexpr std::array<std::string_view, 12> kPoints = {"bias",       "norm",     "scale",       "embedding",
                                                        "embeddings", "position", "day_of_year", "token",
                                                        "tokens",     "prompt",   "prompts",     "queries"};
  if (parameter.dim() < 2 || name.find("cpb_mlp.") != std::string::npos) return false;
  for (const std::string_view part : last_two_parts(name)) {
    if (std::any_of(kPoints.begin(), kPoints.end(), [&](std::string_view ending) { return part.ends_with(ending); })) {
      return false;
    }
  }
  return true;
}

AdamW::AdamW(const NamedTensors& parameters, const AdamWOptions& options, const Ranks& ranks)
    : options_(options), ranks_(ranks) {
  const auto owners = share_out(parameters, ranks.size());
  for (const auto& [name, parameter] : parameters) {
    TORCH_CHECK_VALUE(parameter.is_non_overlapping_and_dense(), "parameter '", name, "' must be dense");
    Slot slot{.name = name,
              .parameter = parameter,
              .exp_avg = {},
              .exp_avg_sq = {},
              .step = {},
              .decays = takes_weight_decay(name, parameter),
              .lr_scale = options.lr_scales.contains(name) ? options.lr_scales.at(name) : 1,
              .owner = owners.at(name)};
    if (slot.owner == ranks.rank()) {
      const auto detached = parameter.detach();
      slot.exp_avg = torch::zeros_like(detached);
      slot.exp_avg_sq = torch::zeros_like(detached);
      slot.step = torch::zeros({}, detached.options().dtype(torch::kFloat32));
    }
    lr_scales_.insert(slot.lr_scale);
    slots_.push_back(std::move(slot));
  }
}

void AdamW::step_group(bool decays, double lr_scale, double lr, double weight_decay) {
  std::vector<torch::Tensor> parameters, gradients, exp_avgs, exp_avg_sqs, steps;
  for (const Slot& slot : slots_) {
    if (slot.decays != decays || slot.lr_scale != lr_scale) continue;
    if (!slot.parameter.grad().defined() || !slot.step.defined()) continue;
    parameters.push_back(slot.parameter);
    gradients.push_back(laid_out_as(slot.parameter, slot.parameter.grad()));
    exp_avgs.push_back(slot.exp_avg);
    exp_avg_sqs.push_back(slot.exp_avg_sq);
    steps.push_back(slot.step);
  }
  if (parameters.empty()) return;
  for (const auto& step : steps) step.add_(1);
  at::_fused_adamw_(parameters, gradients, exp_avgs, exp_avg_sqs, /*max_exp_avg_sqs=*/{}, steps, lr * lr_scale,
                    options_.beta1, options_.beta2, weight_decay, options_.epsilon, /*amsgrad=*/false,
                    /*maximize=*/false);
}

void AdamW::step(double lr, double weight_decay) {
  const torch::NoGradGuard no_grad;
  for (const double scale : lr_scales_) {
    step_group(/*decays=*/true, scale, lr, weight_decay);
    step_group(/*decays=*/false, scale, lr, 0);
  }
  for (int64_t owner = 0; ranks_.size() > 1 && owner < ranks_.size(); ++owner) {
    std::vector<torch::Tensor> moved;
    for (const Slot& slot : slots_) {
      if (slot.owner == owner && slot.parameter.grad().defined()) moved.push_back(slot.parameter);
    }
    ranks_.copy_from(owner, moved);
  }
}

void AdamW::zero_grad() {
  for (Slot& slot : slots_) slot.parameter.mutable_grad().reset();
}

double AdamW::clip_gradients(double max_norm) {
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> gradients;
  for (const Slot& slot : slots_) {
    if (slot.parameter.grad().defined()) gradients.push_back(slot.parameter.grad());
  }
  if (gradients.empty()) return 0;
  const auto norms = at::_foreach_norm(gradients, 2, torch::kFloat32);
  const auto norm = at::linalg_vector_norm(torch::stack(norms));
  // As in PyTorch: a tensor factor, so that a GPU need not wait, and an epsilon against division by zero.
  const auto factor = (max_norm / (norm + 1e-6)).clamp_max(1.0);
  at::_foreach_mul_(gradients, factor);
  return norm.item<double>();
}

NamedTensors AdamW::state() const {
  NamedTensors tensors;
  for (const Slot& slot : slots_) {
    if (!slot.step.defined()) continue;
    tensors[slot.name + ".exp_avg"] = slot.exp_avg;
    tensors[slot.name + ".exp_avg_sq"] = slot.exp_avg_sq;
    tensors[slot.name + ".step"] = slot.step;
  }
  return tensors;
}

}  // namespace skysense
