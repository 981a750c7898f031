#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/stack.h>

#include <array>
#include <cmath>
#include <utility>
#include <vector>

#include "core/object_labels.h"
#include "detection/detection_model.h"
#include "tests/model/reference.h"

namespace skysense::testing {

inline constexpr int64_t kDetectorClasses = 2;
inline constexpr std::array kDetectors = {DetectorKind::kFasterRcnn, DetectorKind::kOrientedRcnn};

/// Sizes for images of about 64 pixels.
inline DetectionOptions small_detection() {
  return {.channels = 32,
          .rpn = {.anchor_sizes = {8, 16, 32, 64, 128},
                  .border_anchors = 1,
                  .samples = 64,
                  .proposals_before = 100,
                  .proposals = 100,
                  .training_proposals_before = 100,
                  .training_proposals = 100},
          .roi_head = {.hidden = 64, .samples = 64}};
}

inline ModelOptions small_sizes() {
  return {.dim = 32, .depths = {1, 1, 1, 1}, .position_grid = 4, .fusion_layers = 1, .fusion_dim = 64};
}

inline DetectionModel make_detector(DetectionModelOptions options, const ModelOptions& sizes = small_sizes()) {
  SkysenseModel model(sizes, PerModality<int64_t>{{3, 4, 2}});
  randomise(*model);
  DetectionModel detector(model, options);
  detector->initialise_heads(at::make_generator<at::CPUGeneratorImpl>(uint64_t{3}));
  return detector;
}

inline DetectionModel make_detector(DetectorKind kind) {
  return make_detector({.detector = kind, .classes = kDetectorClasses, .detection = small_detection()});
}

/// An image [3, side, side] of noise with bright rectangles, class 0 red and class 1 green, and where they are.
struct Picture {
  torch::Tensor image;
  ObjectLabels objects;
};

inline Picture draw_picture(const std::vector<OrientedBox>& boxes, int64_t side, uint64_t seed) {
  Picture picture{.image = random_tensor({3, side, side}, seed) * 0.2, .objects = {}};
  for (size_t i = 0; i < boxes.size(); ++i) {
    const OrientedBox& box = boxes[i];
    const auto object_class = static_cast<int64_t>(i % kDetectorClasses);
    picture.objects.add(box, object_class, false);
    const auto red_or_green = picture.image[object_class];
    auto plane = red_or_green.accessor<float, 2>();
    for (int64_t row = 0; row < side; ++row) {
      for (int64_t column = 0; column < side; ++column) {
        const double dx = static_cast<double>(column) + 0.5 - box.x, dy = static_cast<double>(row) + 0.5 - box.y;
        const double along = std::cos(box.angle) * dx + std::sin(box.angle) * dy,
                     across = std::cos(box.angle) * dy - std::sin(box.angle) * dx;
        if (std::abs(along) <= box.width / 2 && std::abs(across) <= box.height / 2) plane[row][column] = 2;
      }
    }
  }
  return picture;
}

/// Some objects of differing directions that do not touch.
inline std::vector<OrientedBox> scattered_boxes() {
  return {{14, 14, 20, 9, 0.6}, {46, 16, 24, 10, -0.9}, {18, 46, 22, 8, 1.3}, {46, 47, 18, 12, 0.1}};
}

inline DetectionBatch batch_of(const std::vector<Picture>& pictures, DetectorKind kind, RowKeys keys = {}) {
  DetectionBatch batch;
  std::vector<torch::Tensor> images;
  for (const Picture& picture : pictures) {
    images.push_back(picture.image.unsqueeze(0));
    batch.targets.push_back(targets_of(picture.objects, kind));
  }
  if (keys.empty()) {
    for (size_t i = 0; i < pictures.size(); ++i) keys.push_back(100 + i);
  }
  batch.row_keys = std::move(keys);
  batch.input.series[Modality::kHr] = TaskSeries{.images = at::stack(images)};
  return batch;
}

}  // namespace skysense::testing
