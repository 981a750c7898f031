#include "model/initialise.h"

#include <c10/core/GradMode.h>
#include <torch/nn/modules/normalization.h>

#include "model/swin_block.h"

namespace skysense {
namespace {

constexpr double kDeviation = 0.02;

}  // namespace

void initialise(torch::nn::Module& model, at::Generator generator) {
  const c10::AutoGradMode no_gradient(false);
  for (auto& item : model.named_parameters()) {
    if (item.key().ends_with("logit_scale")) continue;
    if (item.key().ends_with("bias")) {
      item.value().zero_();
    } else {
      item.value().normal_(0, kDeviation, generator);
    }
  }
  for (const auto& module : model.modules()) {
    if (const auto* norm = module->as<torch::nn::LayerNormImpl>()) norm->weight.fill_(1);
  }
  for (const auto& module : model.modules()) {
    if (auto* block = module->as<SwinBlockImpl>()) block->start_as_identity();
  }
}

}  // namespace skysense
