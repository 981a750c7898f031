#pragma once

#include <torch/types.h>

#include <cstdint>

#include "infer/feature_extractor.h"
#include "infer/read_ahead.h"

namespace skysense {

/// The part of the output's pixels that the tiles of a batch contribute.
struct GroupResult {
  torch::Tensor sum;           ///< [d, height, width]; undefined where no pixel is valid
  torch::Tensor images;        ///< see count_images
  int64_t tiles = 0;           ///< that went through the network
  double network_seconds = 0;  ///< that it took
};

/// Where at every time some image is valid: what count_images gave [times, ., h, w] -> [h, w] bool.
torch::Tensor pixels_seen(const torch::Tensor& images);

GroupResult blended_features(const ReadGroup& read, const Tiling& tiling, const FeatureExtractor& extractor);

}  // namespace skysense
