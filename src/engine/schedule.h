#pragma once

#include <cstdint>

#include "core/options.h"

namespace skysense {

/// Values that change over a run; the paper's (App. C) and, where it is silent, DINO's (DESIGN 5 and 6).
struct ScheduleOptions {
  double lr = 2e-4, final_lr = 1e-6;                                    ///< cosine, after a linear warm-up from 0
  int64_t warmup_steps = 10'000;                                        ///< of the learning rate
  double weight_decay = 0.04, final_weight_decay = 0.2;                 ///< cosine
  double momentum = 0.996, final_momentum = 1.0;                        ///< of the teacher's moving average; cosine
  double teacher_temperature = 0.04, final_teacher_temperature = 0.07;  ///< linear, then constant
  int64_t temperature_warmup_steps = 30'000;
  void describe(OptionFields& fields);
};

// Pure functions of the step about to be taken, 0 <= step < total; a step at or beyond the end gives the final value.

/// From `first` at step 0 to `last` at step total - 1 along half a cosine. A run of one step takes `first`.
double cosine_value(double first, double last, int64_t step, int64_t total);
/// From `first` at step 0 to `last` at step `steps`, then `last`.
double linear_value(double first, double last, int64_t step, int64_t steps);

/// 0 at step 0, `lr` at step warmup_steps, and from there a cosine that reaches `final_lr` with the last step.
double learning_rate(const ScheduleOptions& options, int64_t step, int64_t total);
double weight_decay(const ScheduleOptions& options, int64_t step, int64_t total);
double teacher_momentum(const ScheduleOptions& options, int64_t step, int64_t total);
double teacher_temperature(const ScheduleOptions& options, int64_t step);

}  // namespace skysense
