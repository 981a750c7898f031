#include "engine/step_loop.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "core/error.h"
#include "core/log.h"
#include "core/progress.h"
#include "engine/signals.h"

namespace skysense {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// A step without a finite loss changes nothing but the place in the stream; many in a row are the end.
class BadSteps {
 public:
  explicit BadSteps(const StepLoopOptions& options) : options_(options) {}

  void count(int64_t step, const StepFigures& figures) {
    in_a_row_ = figures.kept ? 0 : in_a_row_ + 1;
    if (!figures.kept) {
      spdlog::warn("step {}: the loss is {} and the gradient's norm {}; the step is left out", step, figures.loss,
                   figures.gradient_norm);
    }
    if (in_a_row_ >= options_.max_bad_steps) {
      throw DataError(
          fmt::format("{} steps in a row had no finite loss: lower train.lr, or {}", in_a_row_, options_.remedy));
    }
  }

 private:
  const StepLoopOptions& options_;
  int64_t in_a_row_ = 0;
};

}  // namespace

StepLoopResult run_steps(SteppedRun& run, RunState& at, const StepLoopOptions& options, RunLog* log,
                         const Ranks& ranks) {
  const SignalWatch signals;
  const auto goes_on = [&] { return at.step < options.steps && !run.is_done(); };
  if (goes_on()) run.begin(at);
  std::optional<Progress> progress;
  if (ranks.is_first()) progress.emplace(options.verb, options.steps, "steps").start_at(at.step);
  StepLoopResult result;
  BadSteps bad_steps(options);
  const auto started = Clock::now();
  double evaluating_s = 0;
  const int64_t first_step = at.step;

  while (goes_on()) {
    const StepFigures figures = run.step(at.step);
    bad_steps.count(at.step, figures);
    const double lr = run.learning_rate(at.step);
    ++at.step;
    at.data_position = at.step * options.batch_size;
    at.epoch = at.data_position / options.samples;
    result.samples_per_second =
        static_cast<double>((at.step - first_step) * options.batch_size) / (seconds_since(started) - evaluating_s);
    const bool last = at.step == options.steps;

    LogValues values;
    if (at.step % options.log_every == 0 || last) {
      values = run.details();
      values.insert(values.begin(), {"loss", figures.loss});
      values.insert(values.end(), {{"lr", lr},
                                   {"gradient_norm", figures.gradient_norm},
                                   {"samples_per_second", result.samples_per_second},
                                   {"waiting_share", run.waiting_share()}});
      run.observe(at.step, values);
      result.loss = figures.loss;
    }
    if (run.evaluation_due(at.step)) {
      const auto before = Clock::now();
      const LogValues measured = run.evaluate(at.step);
      values.insert(values.end(), measured.begin(), measured.end());
      evaluating_s += seconds_since(before);
    }
    if (log != nullptr && !values.empty()) log->write(at.step, values);

    const int signal = signals.received_by_any(ranks);
    if (signal != 0 || at.step % options.checkpoint_every == 0 || last || run.wants_checkpoint(at.step)) run.save(at);
    if (signal != 0) {
      ranks.part();
      throw Interrupted(signal, "continue with --resume");
    }
    if (progress) progress->update(at.step, fmt::format("loss {:.3f}", figures.loss));
  }
  if (progress) progress->finish();
  ranks.part();
  return result;
}

}  // namespace skysense
