#pragma once

#include <vector>

#include "plan/memory_estimate.h"

namespace skysense {

/// The losses of a micro-batch as phases, in the order in which Objective::measure computes them: image, pixel and
/// object level of each source, then QSACL. The tensors of a row and an output each (logits, targets) are most of it.
std::vector<StepPhase> loss_phases(const PretrainOptions& options, const StepShape& shape, const ElementBytes& bytes,
                                   bool gpu);

}  // namespace skysense
