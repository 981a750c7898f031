#pragma once

#include <memory>
#include <string>

#include "datasets/place_source.h"
#include "datasets/places.h"

namespace skysense {

/// The places of a task of the synthetic world that `data` names (datasets/places.h), with the land of each split in
/// blocks of its own; nothing where `data` does not begin with "synth:". Only the sensors that are asked for are
/// rendered. Objects have their upright bounds as boxes where these are asked for. Throws UsageError.
std::unique_ptr<PlaceSource> open_synthetic_places(PlaceTask task, const std::string& data, bool upright_boxes = false);

}  // namespace skysense
