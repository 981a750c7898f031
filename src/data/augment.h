#pragma once

#include <torch/types.h>

#include "core/random.h"
#include "core/sensor_contract.h"
#include "data/place_sample.h"
#include "data/view_options.h"

namespace skysense {

/// Blurs, solarises and changes the colours of HR images (paper App. C), within the contract's physical range.
/// images.values [T, C, H, W] float32 in physical units is replaced, never written into: it may be a part of the
/// place's own; invalid pixels first take the band's mean, so that a
/// blur does not carry a hole into its surroundings.
void augment_colours(ImageSeries& images, const SensorContract& contract, const AugmentOptions& options,
                     RandomStream& stream);

/// Changes the level of an MS or SAR series, and each band's a little more, as calibration and the air leave it: every
/// date alike. Reflectance is multiplied; backscatter in decibels is shifted by as much. Not in the paper, and off by
/// default; it stands to MS and SAR as the change of colours does to HR. images as for augment_colours.
void augment_gain(ImageSeries& images, const SensorContract& contract, const AugmentOptions& options,
                  RandomStream& stream);

/// A dihedral code (data/dihedral.h) from the flips and quarter turns that are allowed.
int64_t draw_dihedral(const AugmentOptions& options, RandomStream& stream);

}  // namespace skysense
