#pragma once

#include <torch/types.h>

#include <cstdint>
#include <vector>

#include "core/object_labels.h"
#include "core/oriented_box.h"
#include "detection/detection_options.h"

namespace skysense {

/// The labelled objects of one image, in pixels of the image.
struct ObjectTargets {
  torch::Tensor boxes;      ///< float32 [N, 4] upright or [N, 5] oriented, as the detector has them
  torch::Tensor classes;    ///< int64 [N], 0 to K - 1
  torch::Tensor ignored{};  ///< bool [N]: difficult, neither taught as an object nor as background; undefined: none
};

/// What a detector found in one image, the highest score first.
struct Detections {
  torch::Tensor boxes;    ///< float32 [D, 4] or [D, 5], in pixels of the image
  torch::Tensor scores;   ///< float32 [D], the probability of the class
  torch::Tensor classes;  ///< int64 [D], 0 to K - 1
};

/// A sample's labels as the detector learns them: oriented boxes in le90, or their upright bounds.
ObjectTargets targets_of(const ObjectLabels& labels, DetectorKind detector);
ObjectTargets to_device(const ObjectTargets& targets, torch::Device device);

/// Boxes [N, 4] or [N, 5] as metrics and files of objects have them: in the order of the rows, upright ones in le90.
std::vector<OrientedBox> oriented_boxes(const torch::Tensor& boxes);

/// Of an image in pixels; batches may pad images at the right and below.
struct ImageSize {
  int64_t height, width;
};

}  // namespace skysense
