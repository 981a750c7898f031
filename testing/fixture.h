#pragma once

#include <torch/types.h>

#include <map>
#include <string>

#include "core/safetensors.h"

namespace skysense::testing {

/// What python/parity saved for one module: inputs, weights ("weights.<name>"), outputs and gradients by name.
class Fixture {
 public:
  /// `name` without folder and suffix; the folder is $SKYSENSE_FIXTURES. A missing file throws: a parity test is never
  /// skipped.
  explicit Fixture(const std::string& name);
  /// A copy of the tensor. Throws where it is absent.
  torch::Tensor operator[](const std::string& name) const;
  /// The tensors whose names begin with `prefix`, named without it.
  std::map<std::string, torch::Tensor> with_prefix(const std::string& prefix) const;

 private:
  SafetensorsFile file_;
};

}  // namespace skysense::testing
