#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "plan/kept_bytes.h"
#include "plan/step_shape.h"

namespace skysense {

/// One part of a training step in the order of its forward pass, in bytes.
struct StepPhase {
  std::string name;
  PassBytes bytes;
  double gradients = 0;  ///< of the parameters that its backward pass reaches first
};

struct NamedBytes {
  std::string name;
  double bytes = 0;
};

/// What one rank holds in its device's memory at the worst moment of a step.
struct MemoryEstimate {
  std::vector<NamedBytes> held;     ///< all the time: weights, teacher, optimiser, batch
  std::vector<NamedBytes> at_peak;  ///< beside: gradients, activations kept, the phase's own
  std::string peak_phase;           ///< "forward hr.pixel", "backward fusion", …
  double kept_activations = 0;      ///< when the forward pass ends
  double host = 0;                  ///< bytes on the CPU beside a GPU: geo-context prototypes
  double total() const;
};

/// Where a step runs, as far as its memory goes.
struct MemorySetting {
  bool gpu = false;
  int64_t ranks = 1;
};

/// The peak of one rank's step, from what each operator saves for the backward pass (kept_bytes.h) and the order in
/// which the step makes and frees it. Exact sizes where shapes are known; the cells that views share are a mean over
/// random views. Places are taken to have every modality of `channels` and every date.
MemoryEstimate estimate_step_memory(const PretrainOptions& options, const PerModality<int64_t>& channels,
                                    const MemorySetting& setting);

/// The phases alone, in the order of the forward pass.
std::vector<StepPhase> step_phases(const PretrainOptions& options, const StepShape& shape, const ElementBytes& bytes,
                                   bool gpu);

/// Cells that the fusion encoder takes at once in training (FusionImpl::forward).
int64_t fusion_cells_at_once(const ModelOptions& options, bool gpu);

/// Elements of a step by the options' dtype.
ElementBytes element_bytes(const PretrainOptions& options, bool gpu);

}  // namespace skysense
