#pragma once

#include <optional>

#include "model/drop_path.h"
#include "model/patch_merging_plan.h"

namespace skysense {

/// What may change from call to call of the backbone.
struct ForwardOptions {
  std::optional<PatchMergingPlan> plan = {};  ///< nothing: the plan of ModelOptions
  std::optional<RowKeys> row_keys = {};       ///< one an image, for drop path; needed in training where it is on
  bool prompts = true;                        ///< false leaves the modality prompts out (Table 13)
};

}  // namespace skysense
