#include "finetune/lora.h"

#include <ATen/ops/empty.h>
#include <ATen/ops/matmul.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "heads/freeze.h"

namespace skysense {
namespace {

constexpr const char* kAdapted = "model";  // the pre-trained model of a task network

bool is_named(const std::string& layer, const std::vector<std::string>& endings) {
  return std::ranges::any_of(
      endings, [&](const std::string& ending) { return layer == ending || layer.ends_with("." + ending); });
}

}  // namespace

Lora::Lora(torch::nn::Module& network, const LoraOptions& options, at::Generator generator)
    : scale_(options.alpha / static_cast<double>(options.rank)) {
  for (const auto& item : network.named_modules(/*name_prefix=*/{}, /*include_self=*/false)) {
    auto* linear = item.value()->as<torch::nn::LinearImpl>();
    if (linear == nullptr || !item.key().starts_with(std::string(kAdapted) + ".") ||
        !is_named(item.key(), options.modules) || !linear->weight.requires_grad()) {
      continue;
    }
    const auto& weight = linear->weight;
    const auto size = weight.options().requires_grad(false);
    // As the paper's code and Hugging Face's: Kaiming-uniform with slope sqrt(5), that is 1 / sqrt(in).
    const double bound = 1 / std::sqrt(static_cast<double>(weight.size(1)));
    auto a = at::empty({options.rank, weight.size(1)}, size.device(at::kCPU)).uniform_(-bound, bound, generator);
    auto b = at::zeros({weight.size(0), options.rank}, size);
    layers_.push_back({.name = item.key(),
                       .owner = item.value(),
                       .linear = linear,
                       .weight = weight,
                       .a = a.to(weight.device()).requires_grad_(),
                       .b = b.requires_grad_()});
  }
  if (layers_.empty()) {
    throw UsageError(fmt::format("task.lora.modules: the model has no linear layer to learn whose name ends in {}",
                                 fmt::join(options.modules, ", ")));
  }
  freeze(network, {kAdapted});
}

Lora::~Lora() {
  for (Layer& layer : layers_) layer.linear->weight = layer.weight;
}

torch::Tensor Lora::sum_of(const Layer& layer, const torch::Tensor& a, const torch::Tensor& b) const {
  return layer.weight + at::matmul(b, a) * scale_;
}

void Lora::apply() {
  for (Layer& layer : layers_) layer.linear->weight = sum_of(layer, layer.a, layer.b);
}

NamedTensors Lora::parameters() const {
  NamedTensors tensors;
  for (const Layer& layer : layers_) {
    tensors["lora." + layer.name + ".a"] = layer.a;
    tensors["lora." + layer.name + ".b"] = layer.b;
  }
  return tensors;
}

NamedTensors Lora::merged(const NamedTensors& adapters) const {
  NamedTensors tensors;
  for (const Layer& layer : layers_) {
    tensors[layer.name + ".weight"] =
        sum_of(layer, adapters.at("lora." + layer.name + ".a"), adapters.at("lora." + layer.name + ".b")).detach();
  }
  return tensors;
}

}  // namespace skysense
