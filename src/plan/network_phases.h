#pragma once

#include <vector>

#include "plan/step_phase.h"
#include "plan/step_shape.h"

namespace skysense {

/// Backbone and fusion encoder as phases: of the global views, then of the local ones, each modality stage by stage
/// ("globals.hr.stage1", …), then the fusion ("globals.fusion").
std::vector<StepPhase> network_phases(const ModelOptions& options, const StepShape& shape, const ElementBytes& bytes,
                                      bool gpu);

/// Cells that the fusion encoder takes at once in training (FusionImpl::forward).
int64_t fusion_cells_at_once(const ModelOptions& options, bool gpu);

}  // namespace skysense
