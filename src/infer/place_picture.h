#pragma once

#include "data/place_sample.h"
#include "viz/picture.h"

namespace skysense {

/// An image of a series as a person would look at it: see place_picture.
Picture image_picture(const ImageSeries& series, int64_t date, const SensorContract& contract);

/// A place's images of one modality as a person would look at them: the date with the largest share of valid pixels in
/// red, green and blue (by wavelength), each from the 2nd to the 98th percentile of all three together; radar as
/// its first band, its last and its first again, each stretched for itself; fewer than three bands in grey. Invalid
/// pixels are transparent. Throws c10::ValueError for a place without the modality.
Picture place_picture(const PlaceSample& place, Modality modality, const SensorContract& contract);

}  // namespace skysense
