#pragma once

#include <cstdint>
#include <vector>

#include "synth/region_style.h"

namespace skysense::synth {

/// HR as an 8-bit product: [3, side, side], red, green, blue.
std::vector<uint8_t> render_hr(const GroundMap& ground, const Site& site, const RegionStyle& style);

/// What one 10 m cell holds.
struct CellMixture {
  struct Part {
    uint8_t material;
    float share;       ///< of the area; a cell's shares sum to 1
    float brightness;  ///< mean of its pixels
  };
  std::vector<Part> parts;      ///< of all cells, one after the other
  std::vector<uint32_t> first;  ///< [cells * cells + 1] index of each cell's first part
  int64_t side = 0;             ///< cells
  Terrain terrain;
};
CellMixture mix_cells(const GroundMap& ground);

/// One Sentinel-2-like acquisition: DN = 10,000 x reflectance, at least 1.
struct MsImage {
  int day_of_year = 1;
  std::vector<uint16_t> dn;    ///< [10, side, side]
  std::vector<uint8_t> clear;  ///< [side, side] 1 where neither cloud nor cloud shadow
};
/// `day` counts from 2022-12-31: 1 to 365 are the days of 2023; years have 365.
MsImage render_ms(const CellMixture& cells, const Site& site, const RegionStyle& style, int day);

/// One Sentinel-1-like acquisition: [2, side, side], VV and VH, with four-look speckle; dB as rendered.
struct SarImage {
  int day_of_year = 1;
  std::vector<float> backscatter;
};
SarImage render_sar(const CellMixture& cells, const Site& site, const RegionStyle& style, int day);

/// `count` irregular acquisition days of a year, in order, no day twice; at most 365. Each but the first is missing
/// with a chance of `missing`. `sensor` separates the calendars.
std::vector<int> acquisition_days(const RegionStyle& style, int64_t count, int32_t sensor, float missing = 0);

}  // namespace skysense::synth
