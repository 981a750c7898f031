#pragma once

#include <ATen/core/Generator.h>

#include <optional>

#include "model/patch_merging_plan.h"

namespace skysense {

/// What may change from call to call of the backbone.
struct ForwardOptions {
  std::optional<PatchMergingPlan> plan = {};    ///< nothing: the plan of ModelOptions
  std::optional<at::Generator> generator = {};  ///< of drop path; needed in training mode where drop_path > 0
  bool prompts = true;                          ///< false leaves the modality prompts out (Table 13)
};

}  // namespace skysense
