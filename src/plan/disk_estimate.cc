#include "plan/disk_estimate.h"

#include <algorithm>

#include "model/parameter_count.h"
#include "pretrain/count_others.h"
#include "pretrain/learner.h"

namespace skysense {

DiskEstimate estimate_disk(const PretrainOptions& options, const PerModality<int64_t>& channels) {
  constexpr double kFloat = 4;
  // A logged number: its name and 17 digits in log.jsonl, a frame with a tag in the TensorBoard file.
  constexpr double kBytesPerNumber = 35 + 60;
  double parameters = static_cast<double>(total_parameters(count_parameters(options.model, channels))), prototypes = 0;
  for (const ModuleCount& module : count_others(options))
    (module.name == "prototypes" ? prototypes : parameters) += static_cast<double>(module.parameters);
  const double heads = kSourceCount + (options.weights.qsacl > 0 ? 1 : 0), levels = 3;
  const double centres = kSourceCount * levels + 1;
  const double numbers =
      3 * (kSourceCount * levels + heads) + centres + static_cast<double>(options.model.expert_blocks().size()) + 8;
  const auto steps = static_cast<double>(options.train.steps);
  const int64_t written = options.train.steps / options.train.checkpoint_every + 1;
  return {.student = parameters * kFloat,
          .teacher = (parameters + prototypes) * kFloat,
          .optimizer = 2 * parameters * kFloat,
          .extra = centres * static_cast<double>(options.head.outputs) * kFloat,
          .checkpoints = std::min(options.checkpoints.keep + 1, written),
          .logs = steps / static_cast<double>(options.train.log_every) * numbers * kBytesPerNumber};
}

}  // namespace skysense
