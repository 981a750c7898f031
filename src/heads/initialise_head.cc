#include "heads/initialise_head.h"

#include <c10/core/GradMode.h>

#include <cmath>

namespace skysense {
namespace {

constexpr double kClassifierDeviation = 0.01, kDeviation = 0.02;

/// By the name and shape of a parameter that is neither bias nor norm.
double deviation_of(const std::string& name, const torch::Tensor& weight) {
  if (name.ends_with("classifier.weight")) return kClassifierDeviation;
  if (weight.dim() != 4) return kDeviation;
  const auto fan_out = static_cast<double>(weight.size(0) * weight.size(2) * weight.size(3));
  return std::sqrt(2 / fan_out);
}

}  // namespace

void initialise_head(torch::nn::Module& head, at::Generator generator) {
  const c10::AutoGradMode no_gradient(false);
  for (auto& item : head.named_parameters()) {
    auto& value = item.value();
    if (item.key().ends_with("bias")) {
      value.zero_();
    } else if (value.dim() == 1) {
      value.fill_(1);
    } else {
      value.normal_(0, deviation_of(item.key(), value), generator);
    }
  }
}

}  // namespace skysense
