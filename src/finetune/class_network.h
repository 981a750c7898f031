#pragma once

#include "finetune/task_network.h"
#include "heads/task_loss.h"
#include "heads/task_model.h"

namespace skysense {

/// A network of classes: of scenes, of pixels, or of pixels at two times.
class ClassNetwork : public TaskNetwork {
 public:
  ClassNetwork(TaskModel network, const TaskLossOptions& loss) : network_(std::move(network)), loss_(loss) {}

  torch::nn::Module& module() override { return *network_; }
  std::vector<std::string> loss_names() const override { return {}; }
  /// The labels of each output, as task_loss counts them.
  std::vector<double> weights(const LabelledBatch& batch) const override;
  TaskLosses learn(const LabelledBatch& batch) override;
  std::vector<TaskAnswer> answer(const LabelledBatch& batch) override;

 private:
  TaskModel network_;
  const TaskLossOptions loss_;
};

}  // namespace skysense
