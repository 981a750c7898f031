#include <fmt/format.h>

#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/config.h"
#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "core/progress.h"
#include "engine/checkpoint.h"
#include "engine/device.h"
#include "engine/run_log.h"
#include "engine/signals.h"
#include "finetune/report.h"
#include "finetune/sample_pictures.h"
#include "finetune/task_evaluation.h"
#include "finetune/task_loader.h"
#include "finetune/task_run.h"
#include "finetune/task_training.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

/// What validation has found so far: part of state.json, so that a resumed run chooses as an uninterrupted one.
struct Choice {
  double best = -std::numeric_limits<double>::infinity();
  int64_t best_step = -1, since_best = 0;

  nlohmann::json to_json() const {
    if (best_step < 0) return nlohmann::json::object();
    return {{"best", best}, {"best_step", best_step}, {"since_best", since_best}};
  }
  void read(const nlohmann::json& json) {
    if (!json.contains("best_step")) return;
    best = json.at("best").get<double>();
    best_step = json.at("best_step").get<int64_t>();
    since_best = json.at("since_best").get<int64_t>();
  }
  /// True where the value is the best so far.
  bool observe(double value, int64_t step) {
    if (value > best) {
      *this = {value, step, 0};
      return true;
    }
    ++since_best;
    return false;
  }
};

/// The choice as the first rank sees it, for all.
Choice of_first(const Choice& own, const Ranks& ranks) {
  Choice choice;
  choice.read(nlohmann::json::parse(text_of_first(ranks, own.to_json().dump())));
  return choice;
}

}  // namespace

FinetuneResult finetune(const TaskRun& run, const LabelledDataset& dataset, const PretrainedModel& pretrained,
                        const fs::path& folder, Resume resume, const Ranks& ranks) {
  const FinetuneOptions& options = run.options;
  const TaskTrainOptions& train = options.train;
  set_threads(options.compute.threads);
  const torch::Device device = parse_device_of_rank(options.compute.device, ranks.local_rank());
  const SkysenseModel model = make_starting_model(pretrained, run.setup.contracts, options);
  FinetuneConfig config{.options = options, .model = model->options(), .inference = pretrained.inference};
  const std::string config_yaml = dump_yaml(fields_of(config));
  const fs::path newest = checkpoint_to_continue(folder, resume, config_yaml, ranks);
  fs::create_directories(folder);
  std::optional<GeoPrototypes> prototypes;
  if (pretrained.product) prototypes = pretrained.product->prototypes;
  TaskTraining training(model, std::move(prototypes), run.setup, options, ranks, device);

  RunState at;
  at.seed = static_cast<uint64_t>(options.seed);
  Choice choice;
  if (!newest.empty()) {
    at = training.restore(newest);
    choice.read(at.extras);
    if (ranks.is_first()) spdlog::info("continuing {} after step {}", folder.string(), at.step);
  }
  std::optional<RunLog> log;
  if (ranks.is_first()) {
    write_file_atomically(folder / "config.yaml", config_yaml);
    log.emplace(folder, newest.empty() ? -1 : at.step);
  }
  FinetuneResult result;
  result.steps = at.step;
  result.parameters = training.count().all;
  result.learning = training.count().learning;
  result.checkpoint = newest;
  const auto save = [&] {
    at.extras = choice.to_json();
    result.checkpoint =
        write_checkpoint(folder, config_yaml, run.setup.contracts, at, training.tensors(), options.checkpoints, ranks,
                         {{kTaskFile, format_task_description(run.setup.task)}});
  };

  const std::string metric = options.eval.metric.empty() ? main_metric(run.setup.task.kind) : options.eval.metric;
  std::optional<TaskScores> scores;     // of the last evaluation
  std::vector<ReportPicture> pictures;  // of some of its samples
  double evaluating_s = 0;
  const auto validate = [&] {
    const auto started = Clock::now();
    LogValues values;
    if (ranks.is_first()) {
      SamplePictures drawn(dataset, run.setup.task, run.validation);
      training.with_product([&](TaskNetwork& network) {
        scores.emplace(evaluate_task(network,
                                     {.dataset = dataset,
                                      .samples = run.validation,
                                      .setup = run.setup,
                                      .options = options.task,
                                      .frame = options.data.frame,
                                      .eval = options.eval,
                                      .prototypes = training.prototypes(),
                                      .device = device,
                                      .dtype = parse_dtype(options.compute.dtype),
                                      .readers = options.loader.workers},
                                     drawn.observers()));
      });
      pictures = drawn.pictures();
      for (const auto& [name, value] : scores->values()) values.emplace_back("val." + name, value);
      choice.observe(scores->value(metric), at.step);
    }
    choice = of_first(choice, ranks);
    evaluating_s += seconds_since(started);
    return values;
  };

  SignalWatch signals;
  std::optional<TaskLoader> loader;
  if (at.step < train.steps) {
    loader.emplace(dataset, run.training, run.setup, options,
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
  if (ranks.is_first()) progress.emplace("finetune", train.steps, "steps").start_at(at.step);
  const auto started = Clock::now();
  const int64_t first_step = at.step;
  int64_t bad_steps = 0;
  const auto out_of_patience = [&] { return options.eval.patience > 0 && choice.since_best >= options.eval.patience; };

  while (at.step < train.steps && !out_of_patience()) {
    const TaskStep outcome = training.step(loader->next(), at.step);
    bad_steps = outcome.kept ? 0 : bad_steps + 1;
    if (!outcome.kept) {
      spdlog::warn("step {}: the loss is {} and the gradient's norm {}; the step is left out", at.step, outcome.loss,
                   outcome.gradient_norm);
    }
    if (bad_steps >= train.max_bad_steps) {
      throw DataError(
          fmt::format("{} steps in a row had no finite loss: lower train.lr, or look at the data with "
                      "skysense datasets check",
                      bad_steps));
    }
    const double lr = learning_rate(train.schedule, at.step, train.steps);
    ++at.step;
    at.data_position = at.step * train.batch_size;
    at.epoch = at.data_position / static_cast<int64_t>(run.training.size());
    result.samples_per_second =
        static_cast<double>((at.step - first_step) * train.batch_size) / (seconds_since(started) - evaluating_s);
    const bool last = at.step == train.steps;
    LogValues values;
    if (at.step % train.log_every == 0 || last) {
      values = {{"loss", outcome.loss}};
      values.insert(values.end(), outcome.parts.begin(), outcome.parts.end());
      if (outcome.moe_loss > 0) values.emplace_back("moe", outcome.moe_loss);
      values.insert(values.end(), {{"lr", lr},
                                   {"gradient_norm", outcome.gradient_norm},
                                   {"samples_per_second", result.samples_per_second},
                                   {"waiting_share", loader->waiting_share()}});
      result.loss = outcome.loss;
    }
    const bool due = !run.validation.empty() && (last || (options.eval.every > 0 && at.step % options.eval.every == 0));
    if (due) {
      const LogValues measured = validate();
      values.insert(values.end(), measured.begin(), measured.end());
    }
    if (log && !values.empty()) log->write(at.step, values);
    const int signal = signals.received_by_any(ranks);
    const bool best = due && choice.best_step == at.step;
    if (signal != 0 || best || at.step % train.checkpoint_every == 0 || last || out_of_patience()) save();
    if (best && ranks.is_first()) mark_best(folder, result.checkpoint);
    if (signal != 0) {
      ranks.part();
      throw Interrupted(signal, "continue with --resume");
    }
    if (progress) progress->update(at.step, fmt::format("loss {:.3f}", outcome.loss));
  }
  if (progress) progress->finish();
  ranks.part();
  result.steps = at.step;
  result.stopped_early = out_of_patience() && at.step < train.steps;
  if (result.stopped_early && ranks.is_first())
    spdlog::info("no better {} in {} evaluations: stopped after step {}", metric, options.eval.patience, at.step);
  if (loader) {
    result.waiting_share = loader->waiting_share();
    result.skipped_samples = loader->failures();
  }
  if (choice.best_step >= 0) {
    result.metric = metric;
    result.best = choice.best;
    result.best_step = choice.best_step;
    result.best_checkpoint = fs::exists(folder / "best") ? fs::canonical(folder / "best") : fs::path();
  }
  const bool told = at.step == first_step && fs::exists(folder / "report.html");  // of a finished run, with its scores
  if (ranks.is_first() && !told) write_finetune_report(folder, run, scores, pictures);
  return result;
}

}  // namespace skysense
