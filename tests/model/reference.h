#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>
#include <torch/nn/module.h>

#include <map>
#include <string>

#include "testing/all_close.h"

namespace skysense::testing {

/// Copies the reference's weights by name; every parameter must be there with its shape, and none may be left over.
inline void load_weights(torch::nn::Module& module, std::map<std::string, torch::Tensor> weights) {
  const c10::AutoGradMode no_gradient(false);
  for (auto& item : module.named_parameters()) {
    const auto found = weights.find(item.key());
    TORCH_CHECK(found != weights.end(), "the reference has no ", item.key());
    TORCH_CHECK(found->second.sizes() == item.value().sizes(), "another shape: ", item.key());
    item.value().copy_(found->second);
    weights.erase(found);
  }
  TORCH_CHECK(weights.empty(), "only in the reference: ", weights.begin()->first);
}

/// Every parameter's gradient is within a relative L2 distance of the reference's.
inline void expect_gradients(const torch::nn::Module& module, const std::map<std::string, torch::Tensor>& gradients,
                             double tolerance) {
  for (const auto& item : module.named_parameters()) {
    EXPECT_TRUE(relative_l2_within(item.value().grad(), gradients.at(item.key()), tolerance)) << item.key();
  }
}

/// Draws every parameter from a fixed seed, so that no bias or scale is at a value that hides a mistake.
inline void randomise(torch::nn::Module& module, double deviation = 0.1, uint64_t seed = 7) {
  const c10::AutoGradMode no_gradient(false);
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(seed);
  for (auto& item : module.named_parameters()) {
    const bool scales = item.key().find("norm") != std::string::npos && item.key().ends_with("weight");
    item.value().copy_(at::randn(item.value().sizes(), generator) * deviation + (scales ? 1.0 : 0.0));
  }
}

/// Standard normal values from a fixed seed.
inline torch::Tensor random_tensor(at::IntArrayRef shape, uint64_t seed = 1) {
  return at::randn(shape, at::make_generator<at::CPUGeneratorImpl>(seed));
}

}  // namespace skysense::testing
