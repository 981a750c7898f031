#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/modality.h"
#include "model/options.h"
#include "model/presets.h"

namespace skysense {

/// The images of one modality at one place; a side of 0 is a modality that is not given.
struct ImageSizes {
  int64_t height = 0, width = 0;  ///< pixels
  int64_t channels = 0;
  int64_t dates = 1;
};

/// One place as the model takes it.
struct CostInput {
  PerModality<ImageSizes> images{};
  int64_t grid_height = 0, grid_width = 0;  ///< cells of the fusion grid; 0: one cell for 32 HR or one other pixel
  int64_t prototypes = 0;                   ///< of the place's region
  bool every_token =
      false;  ///< counts the last fusion layer for all tokens, as the paper would, not for the class token
};

/// Multiply-adds of one part, or bytes.
struct PartCost {
  std::string name;
  int64_t amount = 0;
};

/// Multiply-adds of one forward pass, part by part: tokenizers, backbone.<modality> (all dates), fusion.align and
/// fusion.encoder. Counts what matrix products do (linears, attention); norms, softmax and activations are 1% of it.
/// Padding that windows need is counted, for it is computed. Two FLOPs are one multiply-add.
std::vector<PartCost> count_multiply_adds(const ModelOptions& options, const CostInput& input);
int64_t total_of(const std::vector<PartCost>& parts);

/// Multiply-adds of one pre-training sample of a preset as App. C seems to count it: every view (two global, six local)
/// once through backbone, fusion and the learning heads of all features (DESIGN 3). Every token of the last fusion
/// layer counts as the paper's would where `every_token`.
int64_t count_pretraining_sample(const Preset& preset, bool every_token);

/// Bytes of activations that inference of one place needs at its peak besides the weights, one image at a time through
/// the backbone: an estimate of what the largest block holds, within a factor of two (tested).
int64_t estimate_activation_bytes(const ModelOptions& options, const CostInput& input, int64_t element_bytes);

}  // namespace skysense
