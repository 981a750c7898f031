#pragma once

#include <filesystem>

#include "data/place_sample.h"
#include "engine/ranks.h"
#include "engine/run_start.h"
#include "pretrain/options.h"

namespace skysense {

/// What a finished run tells.
struct PretrainResult {
  int64_t steps = 0;
  double loss = 0;                ///< of the last logged step
  double samples_per_second = 0;  ///< over this session's steps
  double waiting_share = 0;       ///< of the time spent waiting for the loader
  int64_t skipped_places = 0;     ///< places that could not be read; the log names each
  std::filesystem::path checkpoint;
};

/// Pre-trains a model on places and leaves a run folder: config.yaml, log.jsonl, TensorBoard files,
/// checkpoints/step-N/, model (link to the newest whole checkpoint), report.html (paper sec. 3.2, App. C; DESIGN 5, 8
/// and 9). `resume` may continue from the newest whole checkpoint, exactly as if the run had never stopped. A signal
/// makes it write a checkpoint and throw Interrupted. Throws UsageError for options that do not fit together, DataError
/// for places, disks and losses that fail.
///
/// Several `ranks` call it with the same arguments and train one model together on the stream that one would train on,
/// each on the GPU of its local rank or on the CPU. `run` is a folder that all see; the first rank writes and logs.
///
/// Every eval.every steps, before the first and after the last one the first rank calls `evaluate` between two steps,
/// while the loader goes on filling its queue; the others wait. The teacher does not move meanwhile, so that no copy of
/// it is needed and what is logged belongs to the step. A first evaluation that fails stops the run; a later one, which
/// would cost the run its time since the last checkpoint, is a warning.
PretrainResult pretrain(const PretrainOptions& options, const PlaceDataset& places, const std::filesystem::path& run,
                        Resume resume, const Ranks& ranks = alone(), const EvaluateTeacher& evaluate = {});

}  // namespace skysense
