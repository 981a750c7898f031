#pragma once

#include <vector>

#include "data/place_sample.h"
#include "synth/sensors.h"

namespace skysense::synth {

// Images as products hold them -> tensors of physical values by a sensor's contract. Sides in pixels.

/// HR images [3, side, side] each; undated.
ImageSeries hr_series(const std::vector<const std::vector<uint8_t>*>& images, int64_t side,
                      const SensorContract& contract);
/// Cloud and its shadow are invalid.
ImageSeries ms_series(const std::vector<const MsImage*>& images, int64_t side, const SensorContract& contract);
ImageSeries sar_series(const std::vector<const SarImage*>& images, int64_t side);

/// Pointers to all of them.
template <class Image>
std::vector<const Image*> pointers_to(const std::vector<Image>& images) {
  std::vector<const Image*> pointers;
  for (const Image& image : images) pointers.push_back(&image);
  return pointers;
}

/// [side, side] int64 of a label raster; kUnlabelled becomes -1.
torch::Tensor label_of(const std::vector<uint8_t>& values, int64_t side);

}  // namespace skysense::synth
