#pragma once

#include <string>

#include "data/view_options.h"
#include "infer/labelled_data.h"
#include "synth/world.h"

namespace skysense::app {

/// The part of the synthetic world that "synth:PLACES" means, its seed where none is named, and its HR resolution.
struct SyntheticSamples {
  synth::Split split = synth::Split::kTrain;
  uint64_t seed = 0;
  ViewOptions views{};
};

/// Labelled samples for a model: "synth:PLACES[,seed=S][,size=CELLS]", tensor shards, or what open_labelled_data
/// opens (where this build reads rasters, else UsageError). Throws as it does.
LabelledData open_labelled_samples(const std::string& data, const LabelledReading& reading, const Product& product,
                                   const SyntheticSamples& synthetic);

}  // namespace skysense::app
