#pragma once

#include <cstdint>
#include <string>

#include "engine/checkpoint.h"
#include "engine/ranks.h"
#include "engine/run_log.h"

namespace skysense {

/// What an optimiser step came to.
struct StepFigures {
  double loss = 0;
  double gradient_norm = 0;  ///< before clipping
  bool kept = true;          ///< false: loss or norm was not finite, and nothing changed
};

/// What is trained step by step: pre-training or a fine-tuning. All ranks call all of it, in the same order.
class SteppedRun {
 public:
  virtual ~SteppedRun() = default;

  /// Steps follow from `at` on: starts the feed, whose workers read ahead. Not called where no step is left.
  virtual void begin(const RunState& at) = 0;
  /// Takes the next batch and steps; `number` counts from 0.
  virtual StepFigures step(int64_t number) = 0;
  virtual double learning_rate(int64_t number) const = 0;
  /// Of the step just done: the loss's parts and whatever else tells how it went.
  virtual LogValues details() = 0;
  /// A logged step's values, whole.
  virtual void observe(int64_t step, const LogValues& values) {}
  /// The share of the time that was spent waiting for batches.
  virtual double waiting_share() const = 0;

  /// Whether the model is measured after `step` steps.
  virtual bool evaluation_due(int64_t step) const = 0;
  virtual LogValues evaluate(int64_t step) = 0;

  /// A checkpoint of this moment that no interval asks for.
  virtual bool wants_checkpoint(int64_t step) const { return false; }
  virtual void save(const RunState& at) = 0;
  /// Ends the run before its last step.
  virtual bool is_done() const { return false; }
};

struct StepLoopOptions {
  std::string verb;    ///< of the progress line
  std::string remedy;  ///< where losses are not finite: "look at …"
  int64_t steps = 0, batch_size = 1;
  int64_t samples = 1;  ///< of an epoch
  int64_t log_every = 10, checkpoint_every = 1000;
  int64_t max_bad_steps = 10;  ///< consecutive steps without a finite loss before the run stops
};

struct StepLoopResult {
  double loss = 0;                ///< of the last logged step
  double samples_per_second = 0;  ///< over these steps, without evaluations
};

/// Steps from `at` to the run's end, which `at` then says: logs (`log` is the first rank's), evaluates, checkpoints,
/// shows progress. After a signal to any rank all write a checkpoint and throw Interrupted. Throws DataError where the
/// losses stay without a finite value, and whatever `run` throws.
StepLoopResult run_steps(SteppedRun& run, RunState& at, const StepLoopOptions& options, RunLog* log,
                         const Ranks& ranks);

}  // namespace skysense
