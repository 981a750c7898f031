#include "pretrain/trainer.h"

#include <fmt/format.h>

#include <optional>

#include "core/config.h"
#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "data/loader.h"
#include "data/place_cache.h"
#include "engine/bfloat16.h"
#include "engine/checkpoint.h"
#include "engine/device.h"
#include "engine/run_log.h"
#include "engine/step_loop.h"
#include "pretrain/collapse_alarm.h"
#include "pretrain/report.h"
#include "pretrain/training.h"
#include "text/class_text_vectors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kCollapsePatience = 50;  // logged steps: the first ones' targets say little in any run

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

/// Views hold at least one patch of each sensor that the places have.
void check_views(const ViewOptions& views, const SensorContracts& contracts) {
  for (int64_t view = 0; view < views.views(); ++view) {
    for (const Modality modality : kModalities) {
      if (!contracts[modality] || views.pixels(view, modality) >= kPatch) continue;
      throw UsageError(fmt::format("views.{}: its views are {} pixels wide in {}, and a patch has {}",
                                   views.is_global(view) ? "global_cells" : "local_cells", views.pixels(view, modality),
                                   modality_name(modality), kPatch));
    }
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

/// Pre-training as the loop sees it.
class PretrainingSteps : public SteppedRun {
 public:
  PretrainingSteps(const PretrainOptions& options, const std::string& config_yaml, const PlaceDataset& places,
                   const fs::path& run, Training& training, Evaluations& evaluations, const Ranks& ranks)
      : options_(options),
        config_yaml_(config_yaml),
        places_(places),
        cached_(places, options.loader.cache << 20),
        run_(run),
        training_(training),
        evaluations_(evaluations),
        ranks_(ranks),
        alarm_(options.head.outputs, kCollapsePatience) {}

  void begin(const RunState& at) override {
    loader_.emplace(cached_, options_.views, options_.augment,
                    LoaderOptions{.seed = at.seed,
                                  .batch_size = options_.train.batch_size / ranks_.size(),
                                  .micro_batches = options_.train.accumulate,
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
    LogValues values = outcome_.report.values(ranks_);
    const LogValues health = training_.health();
    values.insert(values.end(), health.begin(), health.end());
    return values;
  }
  void observe(int64_t step, const LogValues& values) override {
    if (ranks_.is_first()) alarm_.observe(step, values);
  }
  double waiting_share() const override { return loader_ ? loader_->waiting_share() : 0; }
  int64_t failures() const { return loader_ ? loader_->failures() : 0; }

  bool evaluation_due(int64_t step) const override { return evaluations_.due(step); }
  LogValues evaluate(int64_t step) override {
    return evaluations_.measure(training_.product(places_.contracts(), step));
  }
  void save(const RunState& at) override {
    checkpoint_ = write_checkpoint(run_, config_yaml_, places_.contracts(), at, training_.tensors(),
                                   options_.checkpoints, ranks_);
  }
  /// The newest that this wrote; empty where it wrote none.
  const fs::path& checkpoint() const { return checkpoint_; }

 private:
  const PretrainOptions& options_;
  const std::string& config_yaml_;
  const PlaceDataset& places_;
  const PlaceCache cached_;
  const fs::path& run_;
  Training& training_;
  Evaluations& evaluations_;
  const Ranks& ranks_;
  CollapseAlarm alarm_;
  std::optional<ViewLoader> loader_;
  StepOutcome outcome_;
  fs::path checkpoint_;
};

}  // namespace

PretrainResult pretrain(const PretrainOptions& given, const PlaceDataset& places, const fs::path& run, Resume resume,
                        const Ranks& ranks, const EvaluateTeacher& evaluate) {
  check(given, ranks);
  check_views(given.views, places.contracts());
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
  const torch::Device device = parse_device_of_rank(options.compute.device, ranks.local_rank());
  if (ranks.is_first()) warn_of_slow_bfloat16(device, parse_dtype(options.compute.dtype));
  Training training(options, places.contracts(), texts, ranks, device);
  if (!newest.empty()) {
    at = read_checkpoint(newest, training.tensors(), ranks);
    if (ranks.is_first()) spdlog::info("continuing {} after step {}", run.string(), at.step);
  }
  std::optional<RunLog> log;
  if (ranks.is_first()) {
    write_file_atomically(run / "config.yaml", config_yaml);
    log.emplace(run, newest.empty() ? -1 : at.step);  // a new run evaluates its beginning again
  }

  PretrainingSteps steps(options, config_yaml, places, run, training, evaluations, ranks);
  if (newest.empty()) {
    if (evaluations.due(0)) {
      const LogValues values = steps.evaluate(0);
      if (log) log->write(0, values);
    }
    steps.save(at);
  }
  const StepLoopResult stepped = run_steps(steps, at,
                                           {.verb = "pretrain",
                                            .remedy = "look at the places with skysense doctor",
                                            .steps = train.steps,
                                            .batch_size = train.batch_size,
                                            .samples = places.size(),
                                            .log_every = train.log_every,
                                            .checkpoint_every = train.checkpoint_every,
                                            .max_bad_steps = train.max_bad_steps},
                                           log ? &*log : nullptr, ranks);
  if (ranks.is_first()) write_pretrain_report(run, options);
  return {.steps = at.step,
          .loss = stepped.loss,
          .samples_per_second = stepped.samples_per_second,
          .waiting_share = steps.waiting_share(),
          .skipped_places = steps.failures(),
          .checkpoint = steps.checkpoint().empty() ? newest : steps.checkpoint()};
}

}  // namespace skysense
