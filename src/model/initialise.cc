#include "model/initialise.h"

#include <c10/core/GradMode.h>
#include <torch/nn/modules/linear.h>
#include <torch/nn/modules/normalization.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "model/skysense_model.h"
#include "model/swin_block.h"
#include "model/up_head.h"

namespace skysense {
namespace {

constexpr double kDeviation = 0.02;

/// Deviations of the weights of linear layers: 1 / sqrt(inputs) keeps the size of what passes through. It is near the
/// usual 0.02 at the paper's widths and far above it in the narrow presets, whose layers would each damp their input.
std::map<const void*, double> deviations_of_linear_weights(const torch::nn::Module& model) {
  std::map<const void*, double> deviations;
  for (const auto& module : model.modules()) {
    const auto* linear = module->as<torch::nn::LinearImpl>();
    if (linear == nullptr) continue;
    const auto inputs = static_cast<double>(linear->weight.size(1));
    deviations[linear->weight.unsafeGetTensorImpl()] = std::max(kDeviation, 1 / std::sqrt(inputs));
  }
  return deviations;
}

}  // namespace

void initialise(torch::nn::Module& model, at::Generator generator) {
  const c10::AutoGradMode no_gradient(false);
  const auto linear = deviations_of_linear_weights(model);
  for (auto& item : model.named_parameters()) {
    if (item.key().ends_with("logit_scale")) continue;
    if (item.key().ends_with("bias")) {
      item.value().zero_();
    } else {
      const auto found = linear.find(item.value().unsafeGetTensorImpl());
      item.value().normal_(0, found == linear.end() ? kDeviation : found->second, generator);
    }
  }
  for (const auto& module : model.modules()) {
    if (const auto* norm = module->as<torch::nn::LayerNormImpl>()) norm->weight.fill_(1);
  }
  for (const auto& module : model.modules()) {
    if (auto* block = module->as<SwinBlockImpl>()) block->start_as_identity();
    if (auto* up_head = module->as<UpHeadImpl>()) up_head->start_as_repetition();
  }
}

void initialise(SkysenseModelImpl& model, const SensorContracts& contracts, at::Generator generator) {
  initialise(model, std::move(generator));
  model.start_from_no_signal(contracts);
}

}  // namespace skysense
