#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.h"

namespace skysense {

/// The learning rate over a run: a linear warm-up, then one of the schedules of Tables 4 to 8. Named and defined as
/// PyTorch's (PolynomialLR, CosineAnnealingLR, MultiStepLR, ExponentialLR, LinearLR), counted from the end of the
/// warm-up to the end of the run, as mmengine chains them.
struct TaskSchedule {
  double lr = 1e-4;                             ///< highest learning rate
  std::string schedule = "poly";                ///< constant, poly, cosine, multistep, exponential or linear
  double final_lr = 0;                          ///< reached by poly, cosine and linear with the end of the run
  double power = 1;                             ///< of poly
  std::vector<double> milestones = {0.6, 0.9};  ///< of multistep: shares of the run after which gamma is applied
  double gamma = 0.1;          ///< of multistep: factor at each milestone; of exponential: factor of one period
  double gamma_period = 0;     ///< of exponential: share of the run that a period lasts; 0: a step
  int64_t warmup_steps = 0;    ///< linear warm-up
  double warmup_epochs = 0;    ///< where above 0: in place of warmup_steps
  double warmup_ratio = 1e-6;  ///< of the learning rate, at step 0

  void describe(OptionFields& fields);
};

/// The learning rate of step `step` of `total`, 0 <= step < total. `warmup_steps` are those of the options, or what
/// warmup_epochs come to. Pure.
double learning_rate(const TaskSchedule& schedule, int64_t step, int64_t total);

}  // namespace skysense
