#include "finetune/task_training.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/empty_like.h>
#include <ATen/ops/stack.h>
#include <ATen/ops/tensor.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/random.h"
#include "engine/device.h"
#include "finetune/layer_decay.h"
#include "finetune/schedule.h"
#include "heads/task_tensors.h"
#include "model/autocast.h"
#include "model/moe.h"

namespace skysense {
namespace {

at::Generator generator_for(const FinetuneOptions& options, std::string_view purpose) {
  RandomStream stream(static_cast<uint64_t>(options.seed), 0, 0, purpose);
  return at::make_generator<at::CPUGeneratorImpl>(stream.next());
}

/// What the settings take out of training beside task.frozen: a fusion encoder that is not used, and frozen gates.
void freeze_unused(torch::nn::Module& network, const TaskOptions& task) {
  for (auto& item : network.named_parameters()) {
    const bool unused = !task.fusion && item.key().starts_with("model.fusion.");
    const bool gate = task.moe == "frozen-gate" && item.key().find(".mlp.gate.") != std::string::npos;
    if (unused || gate) item.value().set_requires_grad(false);
  }
}

/// What each loss is a mean over in all micro-batches and ranks.
std::vector<double> total_weights(const TaskNetwork& network, const std::vector<LabelledBatch>& batches,
                                  const Ranks& ranks, torch::Device device) {
  std::vector<double> own = network.weights(batches.front());
  for (size_t micro = 1; micro < batches.size(); ++micro) {
    const auto more = network.weights(batches[micro]);
    for (size_t i = 0; i < own.size(); ++i) own[i] += more.at(i);
  }
  if (ranks.size() == 1) return own;
  const auto sum = ranks.sum(at::tensor(own, at::kFloat).to(device)).cpu();
  for (size_t i = 0; i < own.size(); ++i) own[i] = sum[static_cast<int64_t>(i)].item<double>();
  return own;
}

}  // namespace

TaskTraining::TaskTraining(SkysenseModel model, std::optional<GeoPrototypes> prototypes, const TaskSetup& setup,
                           const FinetuneOptions& options, const Ranks& ranks, torch::Device device)
    : options_(options),
      setup_(setup),
      ranks_(ranks),
      device_(device),
      dtype_(parse_dtype(options.compute.dtype)),
      sizes_(model->options()),
      prototypes_(options.task.fusion && options.task.geo_context ? std::move(prototypes) : std::nullopt),
      network_(make_task_network(std::move(model), setup, options)) {
  torch::nn::Module& network = network_->module();
  network.to(device);
  freeze_unused(network, options.task);
  if (options.task.lora.rank > 0) {
    if (sizes_.activation_checkpointing)
      throw UsageError("task.lora and model.activation_checkpointing do not go together: adapters keep little memory");
    lora_ = std::make_unique<Lora>(network, options.task.lora, generator_for(options, "adapters"));
  }
  network.train();
  const NamedTensors learning = trained();
  if (learning.empty()) throw UsageError("task.frozen: nothing is left to learn");
  AdamWOptions adamw;
  adamw.lr_scales = layer_lr_scales(learning, sizes_, options.train.layer_decay);
  optimizer_ = std::make_unique<AdamW>(learning, adamw, ranks);
  // About the order in which a backward pass is done with the parameters: the heads come first.
  std::vector<torch::Tensor> backward;
  for (const auto& parameter : network.parameters()) {
    if (parameter.requires_grad()) backward.push_back(parameter);
  }
  if (lora_) {
    for (const auto& [name, parameter] : lora_->parameters()) backward.push_back(parameter);
  }
  std::ranges::reverse(backward);
  average_ = std::make_unique<GradientAverage>(backward, ranks);
  if (options.train.ema > 0) {
    for (const auto& [name, tensor] : moving()) ema_[name] = tensor.detach().clone();
  }
}

NamedTensors TaskTraining::trained() const {
  NamedTensors tensors = named_parameters(network_->module());
  if (lora_) tensors.merge(lora_->parameters());
  return tensors;
}

NamedTensors TaskTraining::moving() const {
  NamedTensors tensors = trained();
  for (const auto& item : network_->module().named_buffers()) {
    if (item.value().is_floating_point()) tensors[item.key()] = item.value();
  }
  return tensors;
}

NamedTensors TaskTraining::student() const {
  NamedTensors tensors = named_tensors(network_->module());
  if (lora_) tensors.merge(lora_->parameters());
  return tensors;
}

NamedTensors TaskTraining::product() const {
  NamedTensors tensors = named_tensors(network_->module());
  for (const auto& [name, tensor] : ema_) {
    if (tensors.contains(name)) tensors[name] = tensor;
  }
  if (lora_) {
    const torch::NoGradGuard no_gradient;
    for (auto& [name, weight] : lora_->merged(ema_.empty() ? lora_->parameters() : ema_)) tensors[name] = weight;
  }
  NamedTensors renamed = product_names(tensors);
  if (prototypes_) renamed["prototypes"] = prototypes_->values();
  return renamed;
}

RunTensors TaskTraining::tensors_with(NamedTensors teacher) const {
  RunTensors tensors{
      .student = student(), .teacher = std::move(teacher), .optimizer = optimizer_->state(), .extra = {}};
  for (const auto& [name, tensor] : ema_) tensors.extra["ema." + name] = tensor;
  return tensors;
}

RunTensors TaskTraining::tensors() const { return tensors_with(product()); }

RunState TaskTraining::restore(const std::filesystem::path& checkpoint) {
  // The product follows from the rest: it is read for its checks alone.
  NamedTensors unused;
  for (const auto& [name, tensor] : product()) unused[name] = at::empty_like(tensor, tensor.options().device(at::kCPU));
  return read_checkpoint(checkpoint, tensors_with(std::move(unused)), ranks_);
}

TrainableCount TaskTraining::count() const {
  TrainableCount count;
  for (const auto& parameter : network_->module().parameters()) count.all += parameter.numel();
  for (const auto& [name, parameter] : trained()) count.learning += parameter.numel();
  return count;
}

TaskStep TaskTraining::step(const std::vector<LabelledBatch>& batches, int64_t number) {
  const TaskTrainOptions& train = options_.train;
  const auto totals = total_weights(*network_, batches, ranks_, device_);
  const auto ranks = static_cast<double>(ranks_.size());
  const bool experts = options_.task.moe == "train" && options_.loss.moe_weight > 0;
  TaskStep outcome;
  auto task_totals = torch::zeros({static_cast<int64_t>(totals.size())}, torch::device(device_)),
       moe_total = torch::zeros({}, torch::device(device_));
  for (size_t micro = 0; micro < batches.size(); ++micro) {
    const AutocastScope autocast(device_, dtype_);
    if (lora_) lora_->apply();
    const LabelledBatch batch = to_device(batches[micro], device_, prototypes());
    const TaskLosses learnt = network_->learn(batch);
    const auto weights = network_->weights(batches[micro]);
    // GradientAverage takes the mean over the ranks, where these shares add up.
    auto loss = torch::zeros({}, torch::device(device_));
    for (size_t i = 0; i < learnt.losses.size(); ++i) {
      const auto own = learnt.losses[i] * (totals[i] > 0 ? weights[i] / totals[i] * ranks : 0);
      task_totals[static_cast<int64_t>(i)] += own.detach();
      loss = loss + own;
    }
    if (experts && !learnt.balance.empty()) {
      // One balance over the tokens of all modalities: every rank has met some, whatever its samples lack.
      const auto met = torch::stack(learnt.balance).sum(0);
      const auto balance =
          load_balancing_loss(met, ranks_.sum(met.detach())) * (ranks / static_cast<double>(batches.size()));
      moe_total += balance.detach();
      loss = loss + options_.loss.moe_weight * balance;
    }
    if (micro + 1 == batches.size()) average_->begin(loss);
    loss.backward();
  }
  average_->finish();
  const auto parts = ranks_.sum(task_totals).cpu();
  outcome.loss = parts.sum().item<double>() / ranks;
  for (const std::string& name : network_->loss_names()) {
    const auto number = static_cast<int64_t>(outcome.parts.size());
    outcome.parts.emplace_back(name, parts[number].item<double>() / ranks);
  }
  outcome.moe_loss = ranks_.sum(moe_total).item<double>() / ranks;
  constexpr double kNoLimit = 1e30;
  outcome.gradient_norm = optimizer_->clip_gradients(train.clip_norm > 0 ? train.clip_norm : kNoLimit);
  outcome.kept = std::isfinite(outcome.loss) && std::isfinite(outcome.gradient_norm);
  if (outcome.kept) {
    optimizer_->step(learning_rate(train.schedule, number, train.steps), train.weight_decay);
    update_average(number);
  }
  optimizer_->zero_grad();
  return outcome;
}

void TaskTraining::update_average(int64_t number) {
  if (ema_.empty()) return;
  const torch::NoGradGuard no_gradient;
  // A short run would else end with what it began with: the average is young at first (as TensorFlow's and timm's).
  const double young = static_cast<double>(1 + number) / static_cast<double>(10 + number);
  const double kept = std::min(options_.train.ema, young);
  const NamedTensors now = moving();
  for (auto& [name, tensor] : ema_) tensor.mul_(kept).add_(now.at(name), 1 - kept);
}

void TaskTraining::with_product(const std::function<void(TaskNetwork& network)>& use) {
  const torch::NoGradGuard no_gradient;
  const NamedTensors now = moving();
  NamedTensors kept;
  for (const auto& [name, tensor] : ema_) {
    kept[name] = now.at(name).clone();
    now.at(name).copy_(tensor);
  }
  if (lora_) lora_->apply();
  network_->module().eval();
  use(*network_);
  network_->module().train();
  for (const auto& [name, tensor] : kept) now.at(name).copy_(tensor);
}

}  // namespace skysense
