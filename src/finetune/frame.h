#pragma once

#include <torch/types.h>

#include "core/options.h"
#include "datasets/labelled_dataset.h"

namespace skysense {

/// How much of a sample the network sees. Lengths are pixels of the sample's extent: of its label map, and of scenes of
/// their first image. Rasters of other pixel sizes get what covers the same ground.
struct FrameOptions {
  int64_t side = 0;    ///< of the square that the network gets; 0: the whole sample
  int64_t resize = 0;  ///< the sample's shorter side is brought to this length first; 0: it stays as it is

  void describe(OptionFields& fields);
};

/// Sides that are a whole number of pixels in every raster of a sample; what is cut begins and ends on multiples of it.
struct GridStep {
  int64_t x = 1, y = 1;
};

/// The step of the rasters that cover `extent`, for the sizes of the others. Throws c10::ValueError for an empty one.
GridStep grid_step(const RasterSize& extent, const std::vector<RasterSize>& others);

/// A part of a sample's extent, and what becomes of it.
struct Frame {
  PixelWindow window;  ///< of the extent
  RasterSize scaled;   ///< what the window is resampled to; on a multiple of the grid step
  RasterSize padded;   ///< with what is added at the right and the bottom: invalid pixels, ignored labels
};

/// The middle of a sample: what evaluation sees. Throws UsageError for a side that is no multiple of the step.
Frame middle_frame(const RasterSize& extent, const GridStep& step, const FrameOptions& options);

/// A sample, read through its frame: images bilinear (data/crop.h: invalid pixels have no part in any value), labels by
/// the nearest pixel, never mixed. Georeferences stay those of the pixels read.
LabelledSample read_frame(const LabelledDataset& dataset, int64_t number, const Frame& frame,
                          const PerModality<bool>& modalities);

/// The whole sample as evaluation sees it: middle_frame, read.
LabelledSample read_middle(const LabelledDataset& dataset, int64_t number, const FrameOptions& options,
                           const PerModality<bool>& modalities);

}  // namespace skysense
