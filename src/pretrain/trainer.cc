#include "pretrain/trainer.h"

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <optional>

#include "core/config.h"
#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "core/progress.h"
#include "core/random.h"
#include "data/loader.h"
#include "engine/adamw.h"
#include "engine/checkpoint.h"
#include "engine/device.h"
#include "engine/run_log.h"
#include "engine/signals.h"
#include "model/autocast.h"
#include "model/initialise.h"
#include "pretrain/batch_part.h"
#include "pretrain/collapse_alarm.h"
#include "pretrain/learner.h"
#include "pretrain/objective.h"
#include "pretrain/report.h"

namespace skysense {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int64_t kCollapsePatience = 50;  // logged steps: the first ones' targets say little in any run

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

void check(const PretrainOptions& options) {
  options.model.check();
  const TrainOptions& train = options.train;
  if (train.batch_size % train.accumulate != 0) {
    throw UsageError(
        fmt::format("train.batch_size {} is no multiple of train.accumulate {}", train.batch_size, train.accumulate));
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

at::Generator generator_for(const PretrainOptions& options, int64_t step, int64_t micro, std::string_view purpose) {
  RandomStream stream(static_cast<uint64_t>(options.seed), static_cast<uint64_t>(step), static_cast<uint64_t>(micro),
                      purpose);
  return at::make_generator<at::CPUGeneratorImpl>(stream.next());
}

Learner make_learner(const PretrainOptions& options, const SensorContracts& contracts) {
  const int64_t queries = options.weights.qsacl > 0 ? options.qsacl.queries : 0;
  return Learner(options.model, options.head, queries, channels_of(contracts));
}

/// Both branches, the optimiser and the losses' state: what a checkpoint holds.
class TrainingState {
 public:
  TrainingState(const PretrainOptions& options, const SensorContracts& contracts, const torch::Tensor& class_texts,
                const Ranks& ranks, torch::Device device)
      : student(seeded(options, contracts)),
        teacher(make_learner(options, contracts)),
        objective(options, device, class_texts, ranks) {
    student->to(device);
    teacher->to(device);
    copy_parameters(student, teacher);
    teacher->eval();
    for (auto& parameter : teacher->parameters()) parameter.requires_grad_(false);
    NamedTensors trained = named_parameters(*student);
    trained.merge(objective.parameters());
    optimizer = std::make_unique<AdamW>(trained);
  }

  RunTensors tensors() const {
    RunTensors tensors{.student = checkpoint_tensors(student),
                       .teacher = checkpoint_tensors(teacher),
                       .optimizer = optimizer->state(),
                       .extra = objective.state()};
    tensors.student.merge(objective.parameters());
    if (objective.prototypes() != nullptr) tensors.teacher["prototypes"] = objective.prototypes()->values();
    return tensors;
  }

  Learner student, teacher;
  Objective objective;
  std::unique_ptr<AdamW> optimizer;

 private:
  /// The heads' initial weights come from LibTorch's default generator: seed it here, once, before any of them is
  /// drawn.
  static Learner seeded(const PretrainOptions& options, const SensorContracts& contracts) {
    torch::manual_seed(RandomStream(static_cast<uint64_t>(options.seed), 0, 0, "initial heads").next());
    Learner learner = make_learner(options, contracts);
    initialise(*learner->model(), contracts, generator_for(options, 0, 0, "initial weights"));
    if (auto queries = learner->aggregation()) initialise(*queries, generator_for(options, 0, 0, "initial queries"));
    return learner;
  }
};

}  // namespace

PretrainResult pretrain(const PretrainOptions& options, const PlaceDataset& places, const std::filesystem::path& run,
                        bool resume, const torch::Tensor& class_texts) {
  check(options);
  PretrainOptions described = options;
  const std::string config_yaml = dump_yaml(fields_of(described));
  const torch::Device device = parse_device(options.compute.device);
  const torch::Dtype dtype = parse_dtype(options.compute.dtype);
  set_threads(options.compute.threads);
  const TrainOptions& train = options.train;

  const Ranks ranks;
  TrainingState state(options, places.contracts(), class_texts, ranks, device);
  CollapseAlarm alarm(options.head.outputs, kCollapsePatience);
  RunState at;
  at.seed = static_cast<uint64_t>(options.seed);
  const auto newest = find_newest_checkpoint(run);
  if (newest && !resume) {
    throw DataError(
        fmt::format("{}: holds a run already; continue it with --resume or name another folder", run.string()));
  }
  if (newest) {
    at = read_checkpoint(*newest, state.tensors());
    spdlog::info("continuing {} after step {}", run.string(), at.step);
  }
  std::filesystem::create_directories(run);
  write_file_atomically(run / "config.yaml", config_yaml);
  RunLog log(run, at.step);

  PretrainResult result;
  result.steps = at.step;
  const auto save = [&] {
    result.checkpoint =
        write_checkpoint(run, config_yaml, places.contracts(), at, state.tensors(), options.checkpoints);
  };
  if (!newest) save();
  if (newest) result.checkpoint = *newest;

  SignalWatch signals;
  // Its workers read ahead from the start: a run with no step left must not wait for them.
  std::optional<ViewLoader> loader;
  if (at.step < train.steps) {
    loader.emplace(places, options.views, options.augment,
                   LoaderOptions{.seed = at.seed,
                                 .batch_size = train.batch_size,
                                 .first_step = at.step,
                                 .workers = options.loader.workers,
                                 .ahead = options.loader.ahead,
                                 .strict = options.loader.strict});
  }
  Progress progress("pretrain", train.steps, "steps");
  progress.start_at(at.step);
  const auto started = Clock::now();
  const int64_t first_step = at.step;
  int64_t bad_steps = 0;

  while (at.step < train.steps) {
    const std::vector<ViewBatch> views = loader->next();
    const double lr = learning_rate(train.schedule, at.step, train.steps);
    const double temperature = teacher_temperature(train.schedule, at.step);

    if (at.step == 0 && options.contrast.fit_heads) {
      state.student->eval();  // without drop path
      // The first micro-batch: no more images at once than a step has.
      state.objective.fit_heads(state.student, batch_part(views, 0, train.batch_size / train.accumulate, device));
      copy_parameters(state.student, state.teacher);
    }
    state.student->train();
    StepReport report;
    auto total = torch::zeros({}, torch::device(device));
    const int64_t micro_size = train.batch_size / train.accumulate;
    for (int64_t micro = 0; micro < train.accumulate; ++micro) {
      const AutocastScope autocast(device.type(), dtype);
      const auto part = batch_part(views, micro * micro_size, micro_size, device);
      const auto drop_path = generator_for(options, at.step, micro, "drop path");
      const LossReport losses = state.objective.measure(state.student, state.teacher, part, temperature, drop_path);
      const auto share = losses.total / static_cast<double>(train.accumulate);
      share.backward();
      total += share.detach();
      report.add(losses);
    }

    const auto loss = total.item<double>();
    const double gradient_norm = state.optimizer->clip_gradients(train.clip_norm);
    if (std::isfinite(loss) && std::isfinite(gradient_norm)) {
      bad_steps = 0;
      state.optimizer->step(lr, weight_decay(train.schedule, at.step, train.steps));
      update_teacher(state.student, state.teacher, teacher_momentum(train.schedule, at.step, train.steps));
      state.objective.end_step(/*keep=*/true);
    } else {
      // Such a step changes nothing but the place in the stream.
      ++bad_steps;
      spdlog::warn("step {}: the loss is {} and the gradient's norm {}; the step is left out", at.step, loss,
                   gradient_norm);
      state.objective.end_step(/*keep=*/false);
      if (bad_steps >= train.max_bad_steps) {
        throw DataError(
            fmt::format("{} steps in a row had no finite loss: lower train.lr, or look at the places with "
                        "skysense doctor; the newest checkpoint is {}",
                        bad_steps, result.checkpoint.string()));
      }
    }
    state.optimizer->zero_grad();

    ++at.step;
    at.data_position = at.step * train.batch_size;
    at.epoch = at.data_position / places.size();
    result.samples_per_second = static_cast<double>((at.step - first_step) * train.batch_size) / seconds_since(started);
    if (at.step % train.log_every == 0 || at.step == train.steps) {
      LogValues values = report.values();
      alarm.observe(at.step, values);
      values.insert(values.begin(), {"loss", loss});
      for (const LogValues& health : {state.objective.centre_norms(), expert_loads(state.student)}) {
        values.insert(values.end(), health.begin(), health.end());
      }
      values.insert(values.end(), {{"lr", lr},
                                   {"gradient_norm", gradient_norm},
                                   {"samples_per_second", result.samples_per_second},
                                   {"waiting_share", loader->waiting_share()}});
      log.write(at.step, values);
      result.loss = loss;
    }
    const int signal = signals.received();
    if (signal != 0 || at.step % train.checkpoint_every == 0 || at.step == train.steps) save();
    if (signal != 0) throw Interrupted(signal, "continue with --resume");
    progress.update(at.step, fmt::format("loss {:.3f}", loss));
  }
  progress.finish();
  write_pretrain_report(run, options);
  result.steps = at.step;
  if (loader) {
    result.waiting_share = loader->waiting_share();
    result.skipped_places = loader->failures();
  }
  return result;
}

}  // namespace skysense
