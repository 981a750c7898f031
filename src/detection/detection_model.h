#pragma once

#include <ATen/core/Generator.h>
#include <torch/nn/module.h>
#include <torch/types.h>

#include <optional>
#include <string>
#include <vector>

#include "detection/detection_loss.h"
#include "detection/detection_options.h"
#include "detection/feature_pyramid.h"
#include "detection/object_targets.h"
#include "detection/roi_head.h"
#include "detection/rpn.h"
#include "heads/task_features.h"
#include "heads/task_options.h"

namespace skysense {

struct DetectionModelOptions {
  DetectorKind detector = DetectorKind::kFasterRcnn;
  int64_t classes;  ///< of objects, without background
  TaskFeatureOptions features = {};
  DetectionOptions detection = {};       ///< negative numbers as published()
  std::vector<std::string> frozen = {};  ///< modules that do not learn, by the names below; see freeze()
};

/// The options of the network, as task_model_options gives those of the other tasks: `task.head` names the detector.
/// Throws UsageError naming the setting that does not fit.
DetectionModelOptions detection_model_options(const TaskOptions& task, const DetectionOptions& detection,
                                              const std::vector<Modality>& modalities, const ModelOptions& model,
                                              int64_t classes);

/// What one call of the network gets.
struct DetectionBatch {
  TaskInput input;
  /// What of each image is not padding, at the upper left, in pixels of the modality whose stage maps the detector
  /// sees; empty: all of it.
  std::vector<ImageSize> images = {};
  std::vector<ObjectTargets> targets = {};  ///< one an image, in training
  std::optional<RowKeys> row_keys = {};     ///< one an image; needed in training: samples and drop path follow from it
};

/// What it says.
struct DetectionOutput {
  std::vector<Detections> detections = {};     ///< one an image, in evaluation
  std::optional<DetectionLosses> losses = {};  ///< in training
  std::vector<torch::Tensor> balance = {};     ///< what the experts met, see TaskOutput
};

/// A pre-trained model with a detector on its four stages (paper sec. 4.2, App. D.2): feature pyramid, region proposal
/// network and head. The strides are those of the stages, whatever patch merging makes of them (Table 11). With fusion
/// the fused feature joins stage 4, as in the other tasks (pyramid_of). Frozen modules stay in evaluation mode.
/// Modules: model.*, neck, rpn, roi_head. The detector's weights are libtorch's until initialise_detection has drawn
/// them.
class DetectionModelImpl : public torch::nn::Module {
 public:
  /// `model` is shared, not copied. Throws UsageError for a frozen name that does not exist and what published()
  /// refuses.
  DetectionModelImpl(SkysenseModel model, const DetectionModelOptions& options);

  /// In training the losses, in evaluation the detections. Throws c10::ValueError for targets or keys that are missing
  /// or cannot be learnt from, and what encode_task throws.
  DetectionOutput forward(const DetectionBatch& batch);
  void train(bool on = true) override;

  /// Draws the detector's weights (initialise_detection); the model keeps its own.
  void initialise_heads(at::Generator generator);
  const DetectionModelOptions& options() const { return options_; }
  /// Of the pyramid's levels, in pixels of the modality whose stage maps the detector sees, the finest first.
  const std::vector<double>& strides() const { return strides_; }

 private:
  DetectionLosses learn(const std::vector<torch::Tensor>& levels, const RpnOutput& anchors, const DetectionBatch& batch,
                        const std::vector<ImageSize>& images);
  RoiOutput look(const std::vector<torch::Tensor>& levels, const std::vector<torch::Tensor>& proposals);

  const DetectionModelOptions options_;
  SkysenseModel model_;
  const std::vector<double> strides_;  // pixels, of the pyramid's levels
  FeaturePyramid neck_;
  Rpn rpn_;
  RoiHead roi_head_;
};
TORCH_MODULE(DetectionModel);

}  // namespace skysense
