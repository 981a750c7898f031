#include <fmt/format.h>

#include <limits>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/config.h"
#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "engine/bfloat16.h"
#include "engine/checkpoint.h"
#include "engine/device.h"
#include "engine/run_log.h"
#include "engine/step_loop.h"
#include "finetune/report.h"
#include "finetune/sample_pictures.h"
#include "finetune/task_evaluation.h"
#include "finetune/task_loader.h"
#include "finetune/task_run.h"
#include "finetune/task_training.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

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

/// Fine-tuning as the loop sees it.
class FinetuningSteps : public SteppedRun {
 public:
  FinetuningSteps(const TaskRun& run, const LabelledDataset& dataset, TaskTraining& training,
                  const std::string& config_yaml, const fs::path& folder, torch::Device device, const Ranks& ranks)
      : run_(run),
        dataset_(dataset),
        options_(run.options),
        metric_(options_.eval.metric.empty() ? main_metric(run.setup.task.kind) : options_.eval.metric),
        training_(training),
        config_yaml_(config_yaml),
        folder_(folder),
        device_(device),
        ranks_(ranks) {}

  /// What a checkpoint keeps of the choice among them.
  void choose_on_from(const nlohmann::json& extras) { choice_.read(extras); }

  void begin(const RunState& at) override {
    const TaskTrainOptions& train = options_.train;
    loader_.emplace(dataset_, run_.training, run_.setup, options_,
                    LoaderOptions{.seed = at.seed,
                                  .batch_size = train.batch_size / ranks_.size(),
                                  .micro_batches = train.accumulate,
                                  .rank = ranks_.rank(),
                                  .world_size = ranks_.size(),
                                  .first_step = at.step,
                                  .workers = options_.loader.workers,
                                  .ahead = options_.loader.ahead,
                                  .strict = options_.loader.strict});
  }

  StepFigures step(int64_t number) override {
    outcome_ = training_.step(loader_->next(), number);
    return {outcome_.loss, outcome_.gradient_norm, outcome_.kept};
  }
  double learning_rate(int64_t number) const override {
    return skysense::learning_rate(options_.train.schedule, number, options_.train.steps);
  }
  LogValues details() override {
    LogValues values = outcome_.parts;
    if (outcome_.moe_loss > 0) values.emplace_back("moe", outcome_.moe_loss);
    return values;
  }
  double waiting_share() const override { return loader_ ? loader_->waiting_share() : 0; }

  bool evaluation_due(int64_t step) const override {
    const int64_t every = options_.eval.every;
    return !run_.validation.empty() && (step == options_.train.steps || (every > 0 && step % every == 0));
  }
  LogValues evaluate(int64_t step) override {
    LogValues values;
    if (ranks_.is_first()) {
      validate();
      for (const auto& [name, value] : scores_->values()) values.emplace_back("val." + name, value);
      choice_.observe(scores_->value(metric_), step);
    }
    choice_ = of_first(choice_, ranks_);
    return values;
  }
  bool wants_checkpoint(int64_t step) const override { return choice_.best_step == step || is_done(); }
  void save(const RunState& at) override {
    RunState state = at;
    state.extras = choice_.to_json();
    checkpoint_ =
        write_checkpoint(folder_, config_yaml_, run_.setup.contracts, state, training_.tensors(), options_.checkpoints,
                         ranks_, {{kTaskFile, format_task_description(run_.setup.task)}});
    if (choice_.best_step == at.step && ranks_.is_first()) mark_best(folder_, checkpoint_);
  }
  /// Out of patience.
  bool is_done() const override { return options_.eval.patience > 0 && choice_.since_best >= options_.eval.patience; }

  /// What the run tells of its feed, its checkpoints and its choice.
  void describe(FinetuneResult& result) const {
    result.parameters = training_.count().all;
    result.learning = training_.count().learning;
    result.waiting_share = waiting_share();
    result.skipped_samples = loader_ ? loader_->failures() : 0;
    if (!checkpoint_.empty()) result.checkpoint = checkpoint_;
    if (choice_.best_step < 0) return;
    result.metric = metric_;
    result.best = choice_.best;
    result.best_step = choice_.best_step;
    result.best_checkpoint = fs::exists(folder_ / "best") ? fs::canonical(folder_ / "best") : fs::path();
  }
  const std::string& metric() const { return metric_; }
  const std::optional<TaskScores>& scores() const { return scores_; }
  const std::vector<ReportPicture>& pictures() const { return pictures_; }

 private:
  void validate() {
    SamplePictures drawn(dataset_, run_.setup.task, run_.validation);
    training_.with_product([&](TaskNetwork& network) {
      scores_.emplace(evaluate_task(network,
                                    {.dataset = dataset_,
                                     .samples = run_.validation,
                                     .setup = run_.setup,
                                     .options = options_.task,
                                     .frame = options_.data.frame,
                                     .eval = options_.eval,
                                     .prototypes = training_.prototypes(),
                                     .device = device_,
                                     .dtype = parse_dtype(options_.compute.dtype),
                                     .readers = options_.loader.workers},
                                    drawn.observers()));
    });
    pictures_ = drawn.pictures();
  }

  const TaskRun& run_;
  const LabelledDataset& dataset_;
  const FinetuneOptions& options_;
  const std::string metric_;
  TaskTraining& training_;
  const std::string& config_yaml_;
  const fs::path& folder_;
  const torch::Device device_;
  const Ranks& ranks_;
  Choice choice_;
  std::optional<TaskLoader> loader_;
  TaskStep outcome_;
  std::optional<TaskScores> scores_;     // of the last evaluation
  std::vector<ReportPicture> pictures_;  // of some of its samples
  fs::path checkpoint_;
};

}  // namespace

FinetuneResult finetune(const TaskRun& run, const LabelledDataset& dataset, const PretrainedModel& pretrained,
                        const fs::path& folder, Resume resume, const Ranks& ranks) {
  const FinetuneOptions& options = run.options;
  const TaskTrainOptions& train = options.train;
  set_threads(options.compute.threads);
  const torch::Device device = parse_device_of_rank(options.compute.device, ranks.local_rank());
  if (ranks.is_first()) warn_of_slow_bfloat16(device, parse_dtype(options.compute.dtype));
  const SkysenseModel model = make_starting_model(pretrained, run.setup.contracts, options);
  FinetuneConfig config{.options = options, .model = model->options(), .inference = pretrained.inference};
  const std::string config_yaml = dump_yaml(fields_of(config));
  const fs::path newest = checkpoint_to_continue(folder, resume, config_yaml, ranks);
  fs::create_directories(folder);
  std::optional<GeoPrototypes> prototypes;
  if (pretrained.product) prototypes = pretrained.product->prototypes;
  TaskTraining training(model, std::move(prototypes), run.setup, options, ranks, device);
  FinetuningSteps steps(run, dataset, training, config_yaml, folder, device, ranks);

  RunState at;
  at.seed = static_cast<uint64_t>(options.seed);
  if (!newest.empty()) {
    at = training.restore(newest);
    steps.choose_on_from(at.extras);
    if (ranks.is_first()) spdlog::info("continuing {} after step {}", folder.string(), at.step);
  }
  std::optional<RunLog> log;
  if (ranks.is_first()) {
    write_file_atomically(folder / "config.yaml", config_yaml);
    log.emplace(folder, newest.empty() ? -1 : at.step);
  }
  const int64_t first_step = at.step;
  const StepLoopResult stepped = run_steps(steps, at,
                                           {.verb = "finetune",
                                            .remedy = "look at the data with skysense datasets check",
                                            .steps = train.steps,
                                            .batch_size = train.batch_size,
                                            .samples = static_cast<int64_t>(run.training.size()),
                                            .log_every = train.log_every,
                                            .checkpoint_every = train.checkpoint_every,
                                            .max_bad_steps = train.max_bad_steps},
                                           log ? &*log : nullptr, ranks);
  FinetuneResult result;
  result.steps = at.step;
  result.loss = stepped.loss;
  result.samples_per_second = stepped.samples_per_second;
  result.stopped_early = steps.is_done() && at.step < train.steps;
  result.checkpoint = newest;
  steps.describe(result);
  if (result.stopped_early && ranks.is_first()) {
    spdlog::info("no better {} in {} evaluations: stopped after step {}", steps.metric(), options.eval.patience,
                 at.step);
  }
  const bool told = at.step == first_step && fs::exists(folder / "report.html");  // of a finished run, with its scores
  if (ranks.is_first() && !told) write_finetune_report(folder, run, steps.scores(), steps.pictures());
  return result;
}

}  // namespace skysense
