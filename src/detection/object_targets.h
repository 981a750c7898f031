#pragma once

#include <torch/types.h>

#include <cstdint>

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

/// Of an image in pixels; batches may pad images at the right and below.
struct ImageSize {
  int64_t height, width;
};

}  // namespace skysense
