#include "detection/initialise_detection.h"

#include <c10/core/GradMode.h>

#include <cmath>
#include <string>

namespace skysense {
namespace {

/// Uniform between +-sqrt(6 / (inputs + outputs)), a kernel's cells counted on both sides.
void draw_glorot(torch::Tensor& weight, const at::Generator& generator) {
  const int64_t cells = weight.dim() == 4 ? weight.size(2) * weight.size(3) : 1;
  const double limit = std::sqrt(6.0 / static_cast<double>((weight.size(0) + weight.size(1)) * cells));
  weight.uniform_(-limit, limit, generator);
}

}  // namespace

void initialise_detection(torch::nn::Module& module, at::Generator generator) {
  constexpr double kDeviation = 0.01, kBoxDeviation = 0.001;
  const c10::AutoGradMode no_gradient(false);
  for (auto& item : module.named_parameters()) {
    const std::string& name = item.key();
    if (name.starts_with("model.")) continue;
    auto& value = item.value();
    if (name.ends_with("bias")) {
      value.zero_();
    } else if (name.starts_with("rpn.") || name.ends_with("cls_score.weight")) {
      value.normal_(0, kDeviation, generator);
    } else if (name.ends_with("bbox_pred.weight")) {
      value.normal_(0, kBoxDeviation, generator);
    } else {
      draw_glorot(value, generator);
    }
  }
}

}  // namespace skysense
