#pragma once

#include "detection/detection_model.h"
#include "finetune/task_network.h"

namespace skysense {

/// A detector: its losses are means over images, each image's over its own samples (detection_loss.h).
class ObjectNetwork : public TaskNetwork {
 public:
  /// `pixels_per_label`: pixels of the modality that the detector sees for one of the labels, along a side.
  ObjectNetwork(DetectionModel network, double pixels_per_label)
      : network_(std::move(network)), pixels_per_label_(pixels_per_label) {}

  torch::nn::Module& module() override { return *network_; }
  std::vector<std::string> loss_names() const override;
  /// The number of images, of every loss.
  std::vector<double> weights(const LabelledBatch& batch) const override;
  TaskLosses learn(const LabelledBatch& batch) override;
  std::vector<TaskAnswer> answer(const LabelledBatch& batch) override;

 private:
  DetectionModel network_;
  const double pixels_per_label_;
};

}  // namespace skysense
