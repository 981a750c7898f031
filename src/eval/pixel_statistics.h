#pragma once

#include <torch/types.h>

namespace skysense {

/// How many features pixel_statistics gives a band: mean, standard deviation, a 16-bin histogram.
inline constexpr int64_t kPixelStatisticsPerBand = 18;

/// What plain pixels say about images without any learning: the baseline that learned features have to beat.
/// values [B, C, H, W] normalised by the sensor contract, valid [B, H, W] bool -> [B, C * 18] float32: of each band's
/// valid pixels the mean, the standard deviation, and the shares within 16 equal bins over [-3, 3] (values beyond fall
/// into the outer bins). An image without a valid pixel gives zeros.
/// Throws c10::ValueError for shapes that disagree.
torch::Tensor pixel_statistics(const torch::Tensor& values, const torch::Tensor& valid);

}  // namespace skysense
