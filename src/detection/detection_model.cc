#include "detection/detection_model.h"

#include <fmt/format.h>

#include <utility>

#include "core/error.h"
#include "detection/choose_detections.h"
#include "detection/initialise_detection.h"
#include "detection/proposals.h"
#include "detection/roi_loss.h"
#include "detection/rpn_loss.h"
#include "detection/taught_objects.h"
#include "heads/freeze.h"

namespace skysense {
namespace {

DetectionModelOptions filled(DetectionModelOptions options) {
  options.detection = published(options.detection, options.detector);
  return options;
}

int64_t extra_levels(const DetectionModelOptions& options) {
  return static_cast<int64_t>(options.detection.rpn.anchor_sizes.size()) - kStages;
}

/// Of the stages, and doubled for each level above them.
std::vector<double> strides_of(const ModelOptions& model, const DetectionModelOptions& options) {
  const PatchMergingPlan plan = options.features.plan.value_or(model.patch_merging);
  std::vector<double> strides;
  for (int stage = 0; stage < kStages; ++stage)
    strides.push_back(static_cast<double>(plan.stride(options.features.modality, stage)));
  for (int64_t extra = 0; extra < extra_levels(options); ++extra) strides.push_back(2 * strides.back());
  return strides;
}

/// The sizes that the batch names, or the whole images.
std::vector<ImageSize> images_of(const DetectionBatch& batch, Modality modality) {
  const auto& series = batch.input.series[modality];
  TORCH_CHECK_VALUE(series, "the detector's batch has no ", modality_name(modality), " image");
  const auto count = static_cast<size_t>(series->images.size(0));
  const ImageSize whole{.height = series->images.size(3), .width = series->images.size(4)};
  if (batch.images.empty()) return std::vector<ImageSize>(count, whole);
  TORCH_CHECK_VALUE(batch.images.size() == count, count, " images want as many sizes, got ", batch.images.size());
  for (const ImageSize& image : batch.images) {
    TORCH_CHECK_VALUE(image.height > 0 && image.height <= whole.height && image.width > 0 && image.width <= whole.width,
                      "an image of ", image.height, " x ", image.width, " does not lie in a batch of ", whole.height,
                      " x ", whole.width);
  }
  return batch.images;
}

}  // namespace

DetectionModelOptions detection_model_options(const TaskOptions& task, const DetectionOptions& detection,
                                              const std::vector<Modality>& modalities, const ModelOptions& model,
                                              int64_t classes) {
  const DetectorKind detector = parse_detector(task.head);
  return {.detector = detector,
          .classes = classes,
          .features = task_feature_options(task, modalities, model),
          .detection = published(detection, detector),
          .frozen = task.frozen};
}

DetectionModelImpl::DetectionModelImpl(SkysenseModel model, const DetectionModelOptions& options)
    : options_(filled(options)),
      model_(register_module("model", std::move(model))),
      strides_(strides_of(model_->options(), options_)),
      neck_(register_module("neck", FeaturePyramid(FeaturePyramidOptions{
                                        .inputs = pyramid_channels(model_->options(), options_.features.fusion),
                                        .channels = options_.detection.channels,
                                        .extra = extra_levels(options_)}))),
      rpn_(register_module("rpn", Rpn(options_.detector, options_.detection))),
      roi_head_(register_module("roi_head", RoiHead(options_.detector, options_.detection, options_.classes))) {
  freeze(*this, options_.frozen);
  evaluate_frozen(*this, options_.frozen);
}

void DetectionModelImpl::train(bool on) {
  torch::nn::Module::train(on);
  evaluate_frozen(*this, options_.frozen);
}

void DetectionModelImpl::initialise_heads(at::Generator generator) { initialise_detection(*this, generator); }

DetectionOutput DetectionModelImpl::forward(const DetectionBatch& batch) {
  const auto images = images_of(batch, options_.features.modality);
  const TaskFeatures features = encode_task(*model_, batch.input, options_.features, batch.row_keys);
  const auto levels = neck_(pyramid_of(features));
  const RpnOutput anchors = rpn_(levels, strides_);
  DetectionOutput output{.balance = features.balance};
  if (is_training()) {
    output.losses = learn(levels, anchors, batch, images);
    return output;
  }
  const auto proposals = choose_proposals(anchors, images, options_.detection.rpn, /*training=*/false);
  output.detections = choose_detections(look(levels, proposals), proposals, images, options_.detection);
  return output;
}

DetectionLosses DetectionModelImpl::learn(const std::vector<torch::Tensor>& levels, const RpnOutput& anchors,
                                          const DetectionBatch& batch, const std::vector<ImageSize>& images) {
  TORCH_CHECK_VALUE(batch.targets.size() == images.size(), images.size(), " images want as many targets, got ",
                    batch.targets.size());
  TORCH_CHECK_VALUE(batch.row_keys && batch.row_keys->size() == images.size(), images.size(),
                    " images want a key each, got ", batch.row_keys ? batch.row_keys->size() : 0);
  std::vector<TaughtObjects> objects;
  for (const ObjectTargets& targets : batch.targets)
    objects.push_back(taught_objects(targets, options_.detector, options_.classes));
  const RpnLosses rpn = rpn_loss(anchors, objects, images, options_.detection, *batch.row_keys);
  const auto proposals = choose_proposals(anchors, images, options_.detection.rpn, /*training=*/true);
  const RoiSamples samples = sample_proposals(proposals, objects, options_.detection, *batch.row_keys);
  const RoiLosses head = roi_loss(look(levels, samples.proposals), samples, options_.detection.roi_head);
  return {.objectness = rpn.objectness, .proposals = rpn.proposals, .classes = head.classes, .boxes = head.boxes};
}

RoiOutput DetectionModelImpl::look(const std::vector<torch::Tensor>& levels,
                                   const std::vector<torch::Tensor>& proposals) {
  // The levels above the stages are for the largest anchors alone, as in torchvision and mmdetection.
  return roi_head_(std::vector<torch::Tensor>(levels.begin(), levels.begin() + kStages),
                   std::vector<double>(strides_.begin(), strides_.begin() + kStages), proposals);
}

}  // namespace skysense
