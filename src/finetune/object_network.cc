#include "finetune/object_network.h"

#include <algorithm>

namespace skysense {
namespace {

/// Boxes [N, 4] or [N, 5] on a grid of `factor` times as many pixels along a side; angles stay.
torch::Tensor scaled(const torch::Tensor& boxes, double factor) {
  if (factor == 1) return boxes;
  constexpr int64_t kLengths = 4;
  auto result = boxes.clone();
  result.narrow(1, 0, kLengths).mul_(factor);
  return result;
}

}  // namespace

std::vector<std::string> ObjectNetwork::loss_names() const {
  return {"proposals.objectness", "proposals.box", "head.class", "head.box"};
}

std::vector<double> ObjectNetwork::weights(const LabelledBatch& batch) const {
  return std::vector<double>(loss_names().size(), static_cast<double>(batch.objects.size()));
}

TaskLosses ObjectNetwork::learn(const LabelledBatch& batch) {
  DetectionBatch own{.input = batch.input.times.at(0), .targets = batch.objects, .row_keys = batch.input.row_keys};
  for (ObjectTargets& targets : own.targets) targets.boxes = scaled(targets.boxes, pixels_per_label_);
  const DetectionOutput output = network_->forward(own);
  const DetectionLosses& losses = *output.losses;
  return {.losses = {losses.objectness, losses.proposals, losses.classes, losses.boxes}, .balance = output.balance};
}

std::vector<TaskAnswer> ObjectNetwork::answer(const LabelledBatch& batch) {
  const DetectionOutput output = network_->forward({.input = batch.input.times.at(0)});
  std::vector<TaskAnswer> answers;
  for (const Detections& found : output.detections) {
    answers.push_back({.objects = {.boxes = scaled(found.boxes.to(at::kFloat), 1 / pixels_per_label_).cpu(),
                                   .scores = found.scores.to(at::kFloat).cpu(),
                                   .classes = found.classes.cpu()}});
  }
  return answers;
}

}  // namespace skysense
