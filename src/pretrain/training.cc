#include "pretrain/training.h"

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <cmath>

#include "core/random.h"
#include "data/loader.h"
#include "engine/device.h"
#include "model/autocast.h"
#include "model/initialise.h"
#include "pretrain/batch_part.h"

namespace skysense {
namespace {

at::Generator generator_for(const PretrainOptions& options, std::string_view purpose) {
  RandomStream stream(static_cast<uint64_t>(options.seed), 0, 0, purpose);
  return at::make_generator<at::CPUGeneratorImpl>(stream.next());
}

Learner make_learner(const PretrainOptions& options, const SensorContracts& contracts) {
  const int64_t queries = options.weights.qsacl > 0 ? options.qsacl.queries : 0;
  return Learner(options.model, options.head, queries, channels_of(contracts));
}

/// The heads' initial weights come from LibTorch's default generator: seed it here, once, before any of them is drawn.
Learner seeded_learner(const PretrainOptions& options, const SensorContracts& contracts) {
  torch::manual_seed(RandomStream(static_cast<uint64_t>(options.seed), 0, 0, "initial heads").next());
  Learner learner = make_learner(options, contracts);
  initialise(*learner->model(), contracts, generator_for(options, "initial weights"));
  if (auto queries = learner->aggregation()) initialise(*queries, generator_for(options, "initial queries"));
  return learner;
}

/// About the order in which a backward pass is done with the parameters: the latest modules, the heads, come first.
std::vector<torch::Tensor> in_order_of_backward(const Learner& student, const Objective& objective) {
  std::vector<torch::Tensor> parameters = student->parameters();
  for (const auto& [name, parameter] : objective.parameters()) parameters.push_back(parameter);
  std::reverse(parameters.begin(), parameters.end());
  return parameters;
}

}  // namespace

Training::Training(const PretrainOptions& options, const SensorContracts& contracts, const torch::Tensor& class_texts,
                   const Ranks& ranks, torch::Device device)
    : options_(options),
      ranks_(ranks),
      device_(device),
      dtype_(parse_dtype(options.compute.dtype)),
      micro_size_(options.train.batch_size / options.train.accumulate / ranks.size()),
      student_(seeded_learner(options, contracts)),
      teacher_(make_learner(options, contracts)),
      objective_(options, device, class_texts, ranks) {
  student_->to(device);
  teacher_->to(device);
  copy_parameters(student_, teacher_);
  student_->train();
  teacher_->eval();
  for (auto& parameter : teacher_->parameters()) parameter.requires_grad_(false);
  NamedTensors trained = named_parameters(*student_);
  trained.merge(objective_.parameters());
  optimizer_ = std::make_unique<AdamW>(trained, AdamWOptions{}, ranks);
  average_ = std::make_unique<GradientAverage>(in_order_of_backward(student_, objective_), ranks);
}

StepOutcome Training::step(const std::vector<ViewBatch>& views, int64_t number) {
  const TrainOptions& train = options_.train;
  if (number == 0 && options_.contrast.fit_heads) fit_heads(views);
  const double temperature = teacher_temperature(train.schedule, number);
  StepOutcome outcome;
  auto total = torch::zeros({}, torch::device(device_));
  for (int64_t micro = 0; micro < train.accumulate; ++micro) {
    const AutocastScope autocast(device_, dtype_);
    const auto part = batch_part(views, micro * micro_size_, micro_size_, device_);
    const LossReport losses = objective_.measure(student_, teacher_, part, temperature, sample_keys(number, micro));
    const auto share = losses.total / static_cast<double>(train.accumulate);
    if (micro + 1 == train.accumulate) average_->begin(share);
    share.backward();
    total += share.detach();
    outcome.report.add(losses);
  }
  average_->finish();
  outcome.loss = ranks_.sum(total).item<double>() / static_cast<double>(ranks_.size());
  outcome.gradient_norm = optimizer_->clip_gradients(train.clip_norm);
  outcome.kept = std::isfinite(outcome.loss) && std::isfinite(outcome.gradient_norm);
  if (outcome.kept) {
    optimizer_->step(learning_rate(train.schedule, number, train.steps),
                     weight_decay(train.schedule, number, train.steps));
    update_teacher(student_, teacher_, teacher_momentum(train.schedule, number, train.steps));
  }
  objective_.end_step(outcome.kept);
  optimizer_->zero_grad();
  return outcome;
}

void Training::fit_heads(const std::vector<ViewBatch>& views) {
  student_->eval();  // without drop path
  // The first micro-batch: no more images at once than a step has.
  objective_.fit_heads(student_, batch_part(views, 0, micro_size_, device_));
  const torch::NoGradGuard no_grad;
  ranks_.copy_from(0, student_->parameters());  // fitted to the same rows, which other machines may round differently
  copy_parameters(student_, teacher_);
  student_->train();
}

RowKeys Training::sample_keys(int64_t number, int64_t micro) const {
  const LoaderOptions share{.batch_size = micro_size_ * options_.train.accumulate,
                            .micro_batches = options_.train.accumulate,
                            .rank = ranks_.rank(),
                            .world_size = ranks_.size()};
  const uint64_t purpose = mix(static_cast<uint64_t>(options_.seed), hash_text("drop path"));
  RowKeys keys;
  for (int64_t i = 0; i < micro_size_; ++i)
    keys.push_back(mix(purpose, static_cast<uint64_t>(stream_position(share, number, micro * micro_size_ + i))));
  return keys;
}

Product Training::product(const SensorContracts& contracts, int64_t step) {
  Product product{.model = teacher_->model(),
                  .options = options_.model,
                  .inference = options_.inference,
                  .prototypes = std::nullopt,
                  .contracts = contracts,
                  .checkpoint = {},
                  .step = step};
  if (const GeoPrototypes* learnt = objective_.prototypes()) product.prototypes.emplace(learnt->values());
  return product;
}

RunTensors Training::tensors() const {
  RunTensors tensors{.student = checkpoint_tensors(student_),
                     .teacher = checkpoint_tensors(teacher_),
                     .optimizer = optimizer_->state(),
                     .extra = objective_.state()};
  tensors.student.merge(objective_.parameters());
  if (objective_.prototypes() != nullptr) tensors.teacher["prototypes"] = objective_.prototypes()->values();
  return tensors;
}

LogValues Training::health() const {
  LogValues values = objective_.centre_norms();
  const LogValues loads = expert_loads(student_);
  values.insert(values.end(), loads.begin(), loads.end());
  return values;
}

}  // namespace skysense
