#include "finetune/schedule.h"

#include <algorithm>
#include <cmath>

#include "engine/schedule.h"

namespace skysense {
namespace {

/// The schedule's rate `step` steps after the warm-up, of `total` steps from there on.
double main_rate(const TaskSchedule& schedule, int64_t step, int64_t total) {
  const double progress = static_cast<double>(step) / static_cast<double>(total);
  const double range = schedule.lr - schedule.final_lr;
  if (schedule.schedule == "poly") return schedule.final_lr + range * std::pow(1 - progress, schedule.power);
  if (schedule.schedule == "cosine")  // of total + 1 steps, so that the end of the run is the end of the cosine
    return cosine_value(schedule.lr, schedule.final_lr, step, total + 1);
  if (schedule.schedule == "linear") return linear_value(schedule.lr, schedule.final_lr, step, total);
  if (schedule.schedule == "multistep") {
    const auto passed = std::ranges::count_if(
        schedule.milestones, [&](double share) { return step >= std::llround(share * static_cast<double>(total)); });
    return schedule.lr * std::pow(schedule.gamma, static_cast<double>(passed));
  }
  if (schedule.schedule == "exponential") {
    const double period = std::max(1.0, schedule.gamma_period * static_cast<double>(total));
    // A little more than the quotient, which rounding may leave just below a whole number.
    return schedule.lr * std::pow(schedule.gamma, std::floor(static_cast<double>(step) / period + 1e-9));
  }
  return schedule.lr;
}

}  // namespace

void TaskSchedule::describe(OptionFields& fields) {
  fields("lr", lr, "highest learning rate").between(0, 100);
  fields("schedule", schedule, "of the learning rate after the warm-up")
      .one_of({"constant", "poly", "cosine", "multistep", "exponential", "linear"});
  fields("final_lr", final_lr, "learning rate that poly, cosine and linear end with").between(0, 100);
  fields("power", power, "of poly").between(0.01, 100);
  fields("milestones", milestones, "of multistep: shares of the run at which gamma is applied").between(0, 1);
  fields("gamma", gamma, "factor of multistep and exponential").between(1e-6, 1);
  fields("gamma_period", gamma_period, "of exponential: share of the run between two factors; 0: every step")
      .between(0, 1);
  fields("warmup_steps", warmup_steps, "steps over which the learning rate rises linearly").at_least(0);
  fields("warmup_epochs", warmup_epochs, "the same in passes over the samples; 0: warmup_steps").at_least(0);
  fields("warmup_ratio", warmup_ratio, "of the learning rate, in the first step").between(0, 1);
}

double learning_rate(const TaskSchedule& schedule, int64_t step, int64_t total) {
  const int64_t warmup = std::min(schedule.warmup_steps, total);
  if (step < warmup) return schedule.lr * linear_value(schedule.warmup_ratio, 1, step, warmup);
  return main_rate(schedule, step - warmup, std::max<int64_t>(total - warmup, 1));
}

}  // namespace skysense
