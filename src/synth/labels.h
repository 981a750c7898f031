#pragma once

#include <cstdint>
#include <vector>

#include "synth/ground_map.h"
#include "synth/sensors.h"

namespace skysense::synth {

/// The value of label rasters where there is nothing to say.
inline constexpr uint8_t kUnlabelled = 255;

/// [cells, cells] LandCover of most of each 10 m cell.
std::vector<uint8_t> cover_by_cell(const GroundMap& ground);
/// [cells, cells] Crop of most of the cell; kUnlabelled where most of it is no crop.
std::vector<uint8_t> crops_by_cell(const CellMixture& cells);
/// [classes] 1 for each land cover on at least `share` of the ground: the multi-label class of a place.
std::vector<uint8_t> covers_present(const GroundMap& ground, float share);

}  // namespace skysense::synth
