#include "finetune/class_network.h"

namespace skysense {

std::vector<double> ClassNetwork::weights(const LabelledBatch& batch) const {
  std::vector<double> weights;
  for (const auto& labels : batch.labels) weights.push_back(label_weight(labels, loss_));
  return weights;
}

TaskLosses ClassNetwork::learn(const LabelledBatch& batch) {
  const TaskOutput output = network_->forward(batch.input);
  TaskLosses learnt{.losses = {}, .balance = output.balance};
  const auto outputs = static_cast<double>(output.logits.size());
  for (size_t i = 0; i < output.logits.size(); ++i) {
    auto loss = task_loss(output.logits[i], batch.labels[i], loss_);
    if (!output.auxiliary.empty())
      loss = loss + loss_.auxiliary_weight * task_loss(output.auxiliary[i], batch.labels[i], loss_);
    learnt.losses.push_back(loss / outputs);
  }
  return learnt;
}

std::vector<TaskAnswer> ClassNetwork::answer(const LabelledBatch& batch) {
  const TaskOutput output = network_->forward(batch.input);
  std::vector<TaskAnswer> answers(static_cast<size_t>(output.logits.front().size(0)));
  for (const auto& each : output.logits) {
    const auto logits = each.to(at::kFloat).cpu();
    for (size_t i = 0; i < answers.size(); ++i) answers[i].logits.push_back(logits[static_cast<int64_t>(i)]);
  }
  return answers;
}

}  // namespace skysense
