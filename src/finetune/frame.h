#pragma once

#include <torch/types.h>

#include "core/options.h"
#include "core/random.h"
#include "datasets/labelled_dataset.h"

namespace skysense {

/// How much of a sample the network sees. Lengths are pixels of the sample's extent: of its label map, and of scenes of
/// their first image. Rasters of other pixel sizes get what covers the same ground.
struct FrameOptions {
  int64_t side = 0;    ///< of the square that the network gets; 0: the whole sample
  int64_t resize = 0;  ///< the sample's shorter side is brought to this length first; 0: it stays as it is

  void describe(OptionFields& fields);
};

/// A part of a sample's extent, and what becomes of it. All lengths and corners are whole pixels in every raster.
struct Frame {
  PixelWindow window;  ///< of the extent
  RasterSize scaled;   ///< what the window is resampled to
  RasterSize padded;   ///< with what is added at the right and the bottom: invalid pixels, ignored labels
};

/// The rasters of a sample, as far as frames are concerned.
struct FrameGrid {
  RasterSize extent;
  int64_t step_x = 1, step_y = 1;  ///< pixels of the extent that are whole pixels of every raster
  std::string name;                ///< of the sample, for errors
};

/// The grid of a sample for the modalities asked for; opens files, reads no pixels.
FrameGrid frame_grid(const LabelledDataset& dataset, int64_t number, const PerModality<bool>& modalities);

/// The middle of a sample, magnified by `scale` beside the options' resizing; with 1 it is what evaluation sees. Throws
/// UsageError for a side that is no multiple of the grid's step.
Frame middle_frame(const FrameGrid& grid, const FrameOptions& options, double scale = 1);

/// The same anywhere in the sample: all places are equally likely.
Frame random_frame(const FrameGrid& grid, const FrameOptions& options, double scale, RandomStream& stream);

/// Brings a sample that was read at frame.window to the frame: images bilinear (data/crop.h: invalid pixels have no
/// part in any value), maps of classes by the nearest pixel, never mixed, and the boxes of objects exactly.
/// Georeferences stay those of the pixels read.
void fit_to_frame(LabelledSample& sample, const Frame& frame);

/// A sample as evaluation sees it: its middle frame, read (only the window's pixels) and fitted.
LabelledSample read_middle(const LabelledDataset& dataset, int64_t number, const FrameOptions& options,
                           const PerModality<bool>& modalities);

}  // namespace skysense
