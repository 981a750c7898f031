#include "pretrain/trainer.h"

#include <fmt/format.h>

#include <chrono>
#include <optional>

#include "core/config.h"
#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "core/progress.h"
#include "data/loader.h"
#include "data/place_cache.h"
#include "engine/checkpoint.h"
#include "engine/device.h"
#include "engine/run_log.h"
#include "engine/signals.h"
#include "pretrain/collapse_alarm.h"
#include "pretrain/report.h"
#include "pretrain/training.h"
#include "text/class_text_vectors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr int64_t kCollapsePatience = 50;  // logged steps: the first ones' targets say little in any run

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void check(const PretrainOptions& options, const Ranks& ranks) {
  options.model.check();
  const TrainOptions& train = options.train;
  if (train.batch_size % (train.accumulate * ranks.size()) != 0) {
    throw UsageError(fmt::format("train.batch_size {} is no multiple of train.accumulate {}{}", train.batch_size,
                                 train.accumulate,
                                 ranks.size() > 1 ? fmt::format(" times the {} processes", ranks.size()) : ""));
  }
  const bool mgcl = options.weights.mgcl > 0 &&
                    (options.contrast.image_level || options.contrast.pixel_level || options.contrast.object_level);
  if (!mgcl && options.weights.qsacl == 0) {
    throw UsageError(
        "weights.mgcl (or its contrast.*_level) and weights.qsacl are both off: nothing is left to learn from");
  }
  if (options.weights.qsacl > 0 && options.views.local_views == 0) {
    throw UsageError(
        "weights.qsacl compares global with local views, of which views.local_views wants none: set weights.qsacl=0");
  }
}

/// The vectors that image-text alignment compares with; undefined where it is off or the places have no named classes.
torch::Tensor class_texts(const PretrainOptions& options, const std::vector<std::string>& names, const fs::path& run,
                          const Ranks& ranks) {
  if (options.weights.ita == 0 || names.empty()) return {};
  const fs::path file = run / "text_vectors.safetensors";
  if (!ranks.is_first()) ranks.wait_for_all();  // the first makes the file, the others read it
  const ClassTextVectors texts = cached_class_text_vectors(names, options.ita.text, file);
  if (ranks.is_first()) {
    ranks.wait_for_all();
    spdlog::info("image-text alignment with {}", texts.description());
  }
  return texts.vectors;
}

}  // namespace

PretrainResult pretrain(const PretrainOptions& given, const PlaceDataset& places, const fs::path& run, Resume resume,
                        const Ranks& ranks, const EvaluateTeacher& evaluate) {
  check(given, ranks);
  PretrainOptions options = given;
  const std::string config_yaml = dump_yaml(fields_of(options));
  set_threads(options.compute.threads);
  const TrainOptions& train = options.train;
  Evaluations evaluations(options.eval, train.steps, evaluate, ranks);
  RunState at;
  at.seed = static_cast<uint64_t>(options.seed);
  const fs::path newest = checkpoint_to_continue(run, resume, config_yaml, ranks);
  fs::create_directories(run);
  const torch::Tensor texts = class_texts(options, places.label_names(), run, ranks);
  if (texts.defined()) options.views.label_cells = fusion_cells(options.views, 0);
  Training training(options, places.contracts(), texts, ranks,
                    parse_device_of_rank(options.compute.device, ranks.local_rank()));
  if (!newest.empty()) {
    at = read_checkpoint(newest, training.tensors(), ranks);
    if (ranks.is_first()) spdlog::info("continuing {} after step {}", run.string(), at.step);
  }
  std::optional<RunLog> log;
  if (ranks.is_first()) {
    write_file_atomically(run / "config.yaml", config_yaml);
    log.emplace(run, newest.empty() ? -1 : at.step);  // a new run evaluates its beginning again
  }

  PretrainResult result;
  result.steps = at.step;
  result.checkpoint = newest;
  const auto save = [&] {
    result.checkpoint =
        write_checkpoint(run, config_yaml, places.contracts(), at, training.tensors(), options.checkpoints, ranks);
  };
  const auto evaluate_teacher = [&] { return evaluations.measure(training.product(places.contracts(), at.step)); };
  if (newest.empty()) {
    if (evaluations.due(0)) {
      const LogValues values = evaluate_teacher();
      if (log) log->write(0, values);
    }
    save();
  }

  CollapseAlarm alarm(options.head.outputs, kCollapsePatience);
  SignalWatch signals;
  const PlaceCache cached_places(places, options.loader.cache << 20);
  // Its workers read ahead from the start: a run with no step left must not wait for them.
  std::optional<ViewLoader> loader;
  if (at.step < train.steps) {
    loader.emplace(cached_places, options.views, options.augment,
                   LoaderOptions{.seed = at.seed,
                                 .batch_size = train.batch_size / ranks.size(),
                                 .micro_batches = train.accumulate,
                                 .rank = ranks.rank(),
                                 .world_size = ranks.size(),
                                 .first_step = at.step,
                                 .workers = options.loader.workers,
                                 .ahead = options.loader.ahead,
                                 .strict = options.loader.strict});
  }
  std::optional<Progress> progress;
  if (ranks.is_first()) progress.emplace("pretrain", train.steps, "steps").start_at(at.step);
  const auto started = Clock::now();
  const double evaluated_before_s = evaluations.seconds();
  const int64_t first_step = at.step;
  int64_t bad_steps = 0;

  while (at.step < train.steps) {
    const StepOutcome outcome = training.step(loader->next(), at.step);
    bad_steps = outcome.kept ? 0 : bad_steps + 1;
    if (!outcome.kept) {
      // Such a step changes nothing but the place in the stream.
      spdlog::warn("step {}: the loss is {} and the gradient's norm {}; the step is left out", at.step, outcome.loss,
                   outcome.gradient_norm);
    }
    if (bad_steps >= train.max_bad_steps) {
      throw DataError(
          fmt::format("{} steps in a row had no finite loss: lower train.lr, or look at the places with "
                      "skysense doctor; the newest checkpoint is {}",
                      bad_steps, result.checkpoint.string()));
    }
    const double lr = learning_rate(train.schedule, at.step, train.steps);
    ++at.step;
    at.data_position = at.step * train.batch_size;
    at.epoch = at.data_position / places.size();
    const double training_s = seconds_since(started) - (evaluations.seconds() - evaluated_before_s);
    result.samples_per_second = static_cast<double>((at.step - first_step) * train.batch_size) / training_s;
    LogValues values;
    if (at.step % train.log_every == 0 || at.step == train.steps) {
      values = outcome.report.values(ranks);
      values.insert(values.begin(), {"loss", outcome.loss});
      const LogValues health = training.health();
      values.insert(values.end(), health.begin(), health.end());
      values.insert(values.end(), {{"lr", lr},
                                   {"gradient_norm", outcome.gradient_norm},
                                   {"samples_per_second", result.samples_per_second},
                                   {"waiting_share", loader->waiting_share()}});
      if (ranks.is_first()) alarm.observe(at.step, values);
      result.loss = outcome.loss;
    }
    if (evaluations.due(at.step)) {
      const LogValues measured = evaluate_teacher();
      values.insert(values.end(), measured.begin(), measured.end());
    }
    if (log && !values.empty()) log->write(at.step, values);
    const int signal = signals.received_by_any(ranks);
    if (signal != 0 || at.step % train.checkpoint_every == 0 || at.step == train.steps) save();
    if (signal != 0) {
      ranks.part();
      throw Interrupted(signal, "continue with --resume");
    }
    if (progress) progress->update(at.step, fmt::format("loss {:.3f}", outcome.loss));
  }
  if (progress) progress->finish();
  ranks.part();
  if (ranks.is_first()) write_pretrain_report(run, options);
  result.steps = at.step;
  if (loader) {
    result.waiting_share = loader->waiting_share();
    result.skipped_places = loader->failures();
  }
  return result;
}

}  // namespace skysense
