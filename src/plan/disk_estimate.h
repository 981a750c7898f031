#pragma once

#include "plan/memory_estimate.h"

namespace skysense {

/// What a run writes, in bytes.
struct DiskEstimate {
  double student = 0, teacher = 0, optimizer = 0;  ///< files of one checkpoint; the optimiser's of all ranks together
  double extra = 0;                                ///< centres and other state of a checkpoint
  int64_t checkpoints = 0;  ///< at most on disk: checkpoints.keep and the one that is being written
  double logs = 0;          ///< log.jsonl, TensorBoard and report
  double checkpoint() const { return student + teacher + optimizer + extra; }
  double total() const { return checkpoint() * static_cast<double>(checkpoints) + logs; }
};

/// `steps` of the run are options.train.steps.
DiskEstimate estimate_disk(const PretrainOptions& options, const PerModality<int64_t>& channels);

}  // namespace skysense
