#pragma once

#include <cstdint>

#include "datasets/labelled_dataset.h"

namespace skysense {

// Moves of a whole sample: all its modalities and dates, its map of classes and its objects move alike. `frame` is its
// size in pixels of its labels.

/// Dimension -1: left and right change places; -2: top and bottom.
void mirror_sample(LabelledSample& sample, const RasterSize& frame, int64_t dimension);

/// Counter-clockwise by `quarters` times 90 degrees, as torch.rot90.
void turn_sample_quarters(LabelledSample& sample, const RasterSize& frame, int64_t quarters);

/// By any angle in radians about the frame's middle, from x towards y: clockwise on the screen. Images are bilinear,
/// weighted by validity, maps of classes take the nearest pixel; what comes from beyond the frame is invalid and
/// unlabelled. Objects turn exactly where `oriented`, else to the upright bounds of the turned box; those that the
/// frame then shows too little of are ignored or left out, as by a window (data/object_moves.h).
void turn_sample(LabelledSample& sample, const RasterSize& frame, double angle, bool oriented);

}  // namespace skysense
