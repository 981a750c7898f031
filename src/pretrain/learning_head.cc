#include "pretrain/learning_head.h"

#include <torch/nn/init.h>

#include "model/linear.h"
#include "pretrain/unit_length.h"

namespace skysense {
namespace {

/// DINO's initialisation: truncated normal of 0.02, zero biases.
void initialise(torch::nn::Linear& layer) {
  const torch::NoGradGuard no_grad;
  layer->weight.normal_(0, 0.02).clamp_(-0.04, 0.04);
  layer->bias.zero_();
}

}  // namespace

LearningHeadImpl::LearningHeadImpl(int64_t width, const LearningHeadSizes& options)
    : layer1_(register_module("layer1", torch::nn::Linear(width, options.hidden))),
      layer2_(register_module("layer2", torch::nn::Linear(options.hidden, options.hidden))),
      layer3_(register_module("layer3", torch::nn::Linear(options.hidden, options.bottleneck))),
      last_weight_(register_parameter("last_weight", torch::randn({options.outputs, options.bottleneck}))) {
  for (auto* layer : {&layer1_, &layer2_, &layer3_}) initialise(*layer);
}

void LearningHeadImpl::fit(const torch::Tensor& features) {
  TORCH_CHECK_VALUE(features.dim() == 2 && features.size(0) >= 2, "heads are fitted to two rows or more, got ",
                    features.sizes());
  const torch::NoGradGuard no_grad;
  auto inputs = features.to(torch::kFloat);
  for (torch::nn::Linear* layer : {&layer1_, &layer2_, &layer3_}) {
    torch::nn::Linear& own = *layer;
    const auto outputs = own(inputs);
    // A unit that is the same for all rows (a first batch of equal images) has no spread to be scaled by.
    const auto spread = outputs.std(0, /*unbiased=*/false);
    const auto deviation = torch::where(spread > 1e-6, spread, torch::ones_like(spread));
    own->weight.div_(deviation.unsqueeze(1));
    own->bias.sub_(outputs.mean(0)).div_(deviation);
    inputs = torch::gelu(own(inputs));
  }
}

torch::Tensor LearningHeadImpl::forward(const torch::Tensor& features) {
  return apply_linear(codes(features), outputs()).to(torch::kFloat);
}

torch::Tensor LearningHeadImpl::codes(const torch::Tensor& features) {
  auto x = features;
  for (torch::nn::Linear* layer : {&layer1_, &layer2_})
    x = torch::gelu(apply_linear(x, (*layer)->weight, (*layer)->bias));
  return unit_length(apply_linear(x, layer3_->weight, layer3_->bias).to(torch::kFloat));
}

torch::Tensor LearningHeadImpl::outputs() const { return unit_length(last_weight_); }

}  // namespace skysense
