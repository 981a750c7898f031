#pragma once

#include <string>

#include "plan/kept_bytes.h"

namespace skysense {

/// One part of a training step in the order of its forward pass, in bytes.
struct StepPhase {
  std::string name;
  PassBytes bytes;
  double gradients = 0;  ///< of the parameters that its backward pass reaches first
};

}  // namespace skysense
