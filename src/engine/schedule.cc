#include "engine/schedule.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace skysense {

void ScheduleOptions::describe(OptionFields& fields) {
  fields("lr", lr, "highest learning rate, reached after the warm-up").at_least(0);
  fields("final_lr", final_lr, "learning rate of the last step").at_least(0);
  fields("warmup_steps", warmup_steps, "steps over which the learning rate rises linearly from 0").at_least(0);
  fields("weight_decay", weight_decay, "weight decay of the first step").at_least(0);
  fields("final_weight_decay", final_weight_decay, "weight decay of the last step").at_least(0);
  fields("momentum", momentum, "share of the teacher kept a step, at the first step").between(0, 1);
  fields("final_momentum", final_momentum, "share of the teacher kept a step, at the last step").between(0, 1);
  fields("teacher_temperature", teacher_temperature, "temperature of the teacher's targets at the first step")
      .between(1e-4, 10);
  fields("final_teacher_temperature", final_teacher_temperature, "temperature after its warm-up").between(1e-4, 10);
  fields("temperature_warmup_steps", temperature_warmup_steps, "steps over which the temperature changes").at_least(0);
}

double cosine_value(double first, double last, int64_t step, int64_t total) {
  if (step <= 0) return first;
  if (step >= total - 1) return last;
  const double progress = static_cast<double>(step) / static_cast<double>(total - 1);
  return last + 0.5 * (first - last) * (1 + std::cos(std::numbers::pi * progress));
}

double linear_value(double first, double last, int64_t step, int64_t steps) {
  if (step >= steps) return last;
  return first + (last - first) * static_cast<double>(std::max<int64_t>(step, 0)) / static_cast<double>(steps);
}

double learning_rate(const ScheduleOptions& options, int64_t step, int64_t total) {
  if (step < options.warmup_steps) return linear_value(0, options.lr, step, options.warmup_steps);
  return cosine_value(options.lr, options.final_lr, step - options.warmup_steps, total - options.warmup_steps);
}

double weight_decay(const ScheduleOptions& options, int64_t step, int64_t total) {
  return cosine_value(options.weight_decay, options.final_weight_decay, step, total);
}

double teacher_momentum(const ScheduleOptions& options, int64_t step, int64_t total) {
  return cosine_value(options.momentum, options.final_momentum, step, total);
}

double teacher_temperature(const ScheduleOptions& options, int64_t step) {
  return linear_value(options.teacher_temperature, options.final_teacher_temperature, step,
                      options.temperature_warmup_steps);
}

}  // namespace skysense
