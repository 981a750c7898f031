#pragma once

#include <string>

#include "pretrain/learning_loss.h"
#include "testing/fixture.h"

namespace skysense::testing {

/// Sizes of the heads in python/parity.
inline constexpr LearningHeadSizes kParityHead{.hidden = 16, .bottleneck = 6, .outputs = 12};

/// Copies tensors "PREFIX<name>" of a fixture into a module's parameters.
inline void load_parameters(torch::nn::Module& module, const Fixture& fixture, const std::string& prefix) {
  const torch::NoGradGuard no_grad;
  auto parameters = module.named_parameters();
  const auto tensors = fixture.with_prefix(prefix);
  TORCH_CHECK_VALUE(tensors.size() == parameters.size(), prefix, " holds ", tensors.size(), " tensors, the module ",
                    parameters.size());
  for (const auto& [name, value] : tensors) parameters[name].copy_(value);
}

inline LearningHead head_of(const Fixture& fixture, const std::string& prefix, int64_t width = 8) {
  LearningHead head(width, kParityHead);
  load_parameters(*head, fixture, prefix);
  return head;
}

inline Centre centre_of(const torch::Tensor& value) {
  Centre centre(value.size(0), torch::kCPU);
  centre.value().copy_(value);
  return centre;
}

}  // namespace skysense::testing
