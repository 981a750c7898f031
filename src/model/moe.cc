#include "model/moe.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/argsort.h>
#include <ATen/ops/bincount.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/softmax.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/topk.h>
#include <c10/core/GradMode.h>

#include <map>

#include "model/autocast.h"
#include "model/mlp.h"

namespace skysense {

MoeImpl::MoeImpl(const MixtureOptions& options)
    : options_(options),
      gate_(register_module("gate",
                            torch::nn::Linear(torch::nn::LinearOptions(options.dim, options.experts).bias(false)))),
      experts_(register_module("experts", torch::nn::ModuleList())) {
  TORCH_CHECK_VALUE(options.top_k >= 1 && options.top_k <= options.experts, "top_k ", options.top_k, " of ",
                    options.experts, " experts");
  for (int64_t expert = 0; expert < options.experts; ++expert) experts_->push_back(Mlp(options.dim, options.hidden));
}

BlockOutput MoeImpl::forward(const torch::Tensor& tokens) {
  const auto flat = tokens.reshape({-1, options_.dim});
  const int64_t count = flat.size(0), top_k = options_.top_k;
  torch::Tensor probabilities;
  {
    const AutocastScope full_precision(tokens.device().type(), c10::kFloat);
    probabilities = at::softmax(gate_(flat.to(at::kFloat)), -1);
  }
  const auto [gates, chosen] = at::topk(probabilities, top_k);

  // Sorting the assignments by expert gives every expert one contiguous run of tokens.
  const auto assigned = chosen.flatten();
  const auto load = at::bincount(assigned, {}, options_.experts);
  const auto order = at::argsort(assigned, /*stable=*/true, /*dim=*/0, /*descending=*/false);
  const auto sorted = flat.index_select(0, order.floor_divide(top_k));
  const auto load_on_host = load.cpu();
  std::vector<torch::Tensor> outputs;
  int64_t first = 0;
  for (int64_t expert = 0; expert < options_.experts; ++expert) {
    const int64_t length = load_on_host.data_ptr<int64_t>()[expert];
    if (length == 0) continue;
    outputs.push_back(experts_[expert]->as<MlpImpl>()->forward(sorted.narrow(0, first, length)).tokens);
    first += length;
  }
  const auto inverse = at::empty_like(order).scatter_(0, order, at::arange(count * top_k, order.options()));
  const auto per_token = at::cat(outputs).index_select(0, inverse).view({count, top_k, options_.dim});
  const auto mixed = (per_token * gates.unsqueeze(-1).to(per_token.scalar_type())).sum(1);

  last_load_ = load.to(at::kFloat) / static_cast<double>(count * top_k);
  return {mixed.view(tokens.sizes()), at::stack({load.to(at::kFloat), probabilities.sum(0)})};
}

torch::Tensor load_balancing_loss(const torch::Tensor& balance, const torch::Tensor& totals) {
  const auto assigned = totals.detach().select(-2, 0), gates = totals.detach().select(-2, 1);
  const auto share = assigned / assigned.sum(-1, /*keepdim=*/true).clamp_min(1);
  // The gate values of a token add up to 1: their sum is the number of tokens.
  const auto mean_gate = balance.select(-2, 1) / gates.sum(-1, /*keepdim=*/true).clamp_min(1);
  return (share * mean_gate).sum() * static_cast<double>(balance.size(-1));
}

torch::Tensor load_balancing_loss(const torch::Tensor& balance) { return load_balancing_loss(balance, balance); }

void keep_single_expert(const torch::nn::Module& from, torch::nn::Module& to, RandomStream& stream) {
  const c10::AutoGradMode no_gradient(false);
  const auto parameters = from.named_parameters();
  const std::string experts = ".experts.", mlp = ".mlp.";
  std::map<std::string, int64_t> expert_counts;  // by the name of the block's MLP
  for (const auto& item : parameters) {
    const size_t position = item.key().find(experts);
    if (position == std::string::npos) continue;
    const int64_t index = std::stoll(item.key().substr(position + experts.size()));
    auto& count = expert_counts[item.key().substr(0, position)];
    count = std::max(count, index + 1);
  }
  std::map<std::string, int64_t> kept;
  for (const auto& [block, count] : expert_counts) kept[block] = stream.below(count);

  for (auto& item : to.named_parameters()) {
    std::string name = item.key();
    const size_t position = name.rfind(mlp);
    if (position != std::string::npos) {
      const size_t end = position + mlp.size() - 1;
      const auto block = kept.find(name.substr(0, end));
      if (block != kept.end()) name = block->first + experts + std::to_string(block->second) + name.substr(end);
    }
    const torch::Tensor* source = parameters.find(name);
    TORCH_CHECK_VALUE(source != nullptr && source->sizes() == item.value().sizes(), "the model with experts has no ",
                      name, " of shape ", item.value().sizes());
    item.value().copy_(*source);
  }
}

}  // namespace skysense
