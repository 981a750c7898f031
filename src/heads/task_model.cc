#include "heads/task_model.h"

#include <ATen/ops/cat.h>
#include <fmt/format.h>

#include <array>

#include "core/error.h"
#include "core/random.h"
#include "heads/freeze.h"
#include "heads/initialise_head.h"
#include "heads/semantic_change.h"

namespace skysense {
namespace {

constexpr int kAuxiliaryStage = 2;
constexpr std::array<std::pair<HeadKind, std::string_view>, 6> kHeads = {
    {{HeadKind::kLinear, "linear"},
     {HeadKind::kFcn, "fcn"},
     {HeadKind::kUperNet, "upernet"},
     {HeadKind::kBit, "bit"},
     {HeadKind::kUNet, "unet"},
     {HeadKind::kUperNetChange, "upernet-change"}}};

/// One place's keys for each of the times.
std::optional<RowKeys> keys_at(const std::optional<RowKeys>& keys, size_t time) {
  if (!keys || time == 0) return keys;
  RowKeys result;
  for (const uint64_t key : *keys) result.push_back(mix(key, hash_text("second time")));
  return result;
}

/// The levels of all times, one time after the other along the batch: their statistics are normalised together.
std::vector<torch::Tensor> join_times(const std::vector<std::vector<torch::Tensor>>& times) {
  auto levels = times.front();
  for (size_t time = 1; time < times.size(); ++time) {
    for (size_t i = 0; i < levels.size(); ++i) levels[i] = at::cat({levels[i], times[time][i]});
  }
  return levels;
}

}  // namespace

std::string_view head_name(HeadKind head) {
  for (const auto& [kind, name] : kHeads) {
    if (kind == head) return name;
  }
  TORCH_CHECK_VALUE(false, "unknown head ", static_cast<int>(head));
}

HeadKind parse_head(std::string_view name) {
  std::string names;
  for (const auto& [kind, known] : kHeads) {
    if (known == name) return kind;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", known);
  }
  throw UsageError(fmt::format("unknown head {}: expected one of {}", name, names));
}

int64_t times_of(HeadKind head) {
  return head == HeadKind::kBit || head == HeadKind::kUNet || head == HeadKind::kUperNetChange ? 2 : 1;
}

TaskModelImpl::TaskModelImpl(SkysenseModel model, const TaskModelOptions& options)
    : options_(options), model_(register_module("model", std::move(model))) {
  build_head();
  freeze(*this, options_.frozen);
  evaluate_frozen(*this, options_.frozen);
}

void TaskModelImpl::build_head() {
  const ModelOptions& sizes = model_->options();
  const bool fusion = options_.features.fusion;
  const auto levels = pyramid_channels(sizes, fusion);
  const int64_t single = single_map_channels(sizes, fusion);
  switch (options_.head) {
    case HeadKind::kLinear:
      linear_ = register_module("head", LinearHead(single, options_.classes));
      break;
    case HeadKind::kFcn:
      fcn_ = register_module("head", FcnHead(FcnHeadOptions{.inputs = single,
                                                            .classes = options_.classes,
                                                            .channels = options_.channels,
                                                            .dropout = options_.dropout,
                                                            .norm = options_.norm}));
      break;
    case HeadKind::kUperNet:
    case HeadKind::kUperNetChange:
      uper_net_ = register_module("head", UperNet(UperNetOptions{.inputs = levels,
                                                                 .classes = options_.classes,
                                                                 .channels = options_.channels,
                                                                 .dropout = options_.dropout,
                                                                 .norm = options_.norm}));
      if (options_.auxiliary) {
        auxiliary_ = register_module("auxiliary_head", FcnHead(FcnHeadOptions{.inputs = levels[kAuxiliaryStage],
                                                                              .classes = options_.classes,
                                                                              .channels = options_.auxiliary_channels,
                                                                              .convolutions = 1,
                                                                              .join_input = false,
                                                                              .dropout = options_.dropout,
                                                                              .norm = options_.norm}));
      }
      break;
    case HeadKind::kBit:
      bit_ = register_module(
          "head", BitHead(BitHeadOptions{.inputs = levels, .classes = options_.classes, .norm = options_.norm}));
      break;
    case HeadKind::kUNet:
      u_net_ = register_module(
          "head", UNetHead(UNetHeadOptions{.inputs = levels, .classes = options_.classes, .norm = options_.norm}));
      break;
  }
}

void TaskModelImpl::train(bool on) {
  torch::nn::Module::train(on);
  evaluate_frozen(*this, options_.frozen);
}

void TaskModelImpl::initialise_heads(at::Generator generator) {
  for (const auto& child : named_children()) {
    if (child.key() != "model") initialise_head(*child.value(), generator);
  }
}

TaskOutput TaskModelImpl::forward(const TaskBatch& batch) {
  TORCH_CHECK_VALUE(static_cast<int64_t>(batch.times.size()) == times_of(options_.head), head_name(options_.head),
                    " wants ", times_of(options_.head), " times, got ", batch.times.size());
  std::vector<TaskFeatures> times;
  for (size_t time = 0; time < batch.times.size(); ++time)
    times.push_back(encode_task(*model_, batch.times[time], options_.features, keys_at(batch.row_keys, time)));

  TaskOutput output;
  if (linear_) {
    output.logits = {linear_(single_map_of(times[0]), times[0].seen)};
  } else {
    TORCH_CHECK_VALUE(batch.height > 0 && batch.width > 0, "maps want the labels' size, got ", batch.height, " x ",
                      batch.width);
    output = segment(times, batch);
  }
  for (const auto& time : times) output.balance.insert(output.balance.end(), time.balance.begin(), time.balance.end());
  return output;
}

TaskOutput TaskModelImpl::segment(const std::vector<TaskFeatures>& times, const TaskBatch& batch) {
  const auto at_labels = [&](const torch::Tensor& map) { return resize_map(map, batch.height, batch.width); };
  if (fcn_) return {.logits = {at_labels(fcn_(single_map_of(times[0]), batch.row_keys))}};
  std::vector<std::vector<torch::Tensor>> levels;
  std::optional<RowKeys> keys;
  for (size_t time = 0; time < times.size(); ++time) {
    levels.push_back(pyramid_of(times[time]));
    const auto own = keys_at(batch.row_keys, time);
    if (own && !keys) keys.emplace();
    if (own) keys->insert(keys->end(), own->begin(), own->end());
  }
  if (bit_) return {.logits = {bit_(levels[0], levels[1], batch.height, batch.width)}};
  if (u_net_) return {.logits = {at_labels(u_net_(levels[0], levels[1]))}};

  const auto joined = join_times(levels);
  const auto parts = static_cast<int64_t>(times.size());
  TaskOutput output{.logits = at_labels(uper_net_(joined, keys)).chunk(parts)};
  if (auxiliary_ && is_training()) output.auxiliary = at_labels(auxiliary_(joined[kAuxiliaryStage], keys)).chunk(parts);
  if (parts > 1) output.change = change_logits(output.logits[0], output.logits[1]);
  return output;
}

}  // namespace skysense
