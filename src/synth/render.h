#pragma once

#include <cstdint>
#include <vector>

#include "synth/sensors.h"

namespace skysense::synth {

/// One place as its sensors' products hold it.
struct RenderedPlace {
  Site site;
  std::vector<uint8_t> hr;       ///< [3, side, side], side = cells * pixels a cell; empty without HR
  std::vector<MsImage> ms;       ///< by date, [10, cells, cells] each
  std::vector<SarImage> sar;     ///< by date, [2, cells, cells] each
  std::vector<uint8_t> label;    ///< [cells, cells] LandCover of most of the cell
  std::vector<VisibleObject> objects;  ///< in the HR image's pixels; empty unless asked for
};

/// What to render of a site.
struct RenderOptions {
  uint64_t seed = 1;          ///< of the world
  bool hr = true;
  int64_t hr_per_cell = 8;    ///< of the HR image, and of the ground that the other sensors mix
  int64_t ms_dates = 10, sar_dates = 5;
  bool objects = false;       ///< find the objects on the HR grid
};

RenderedPlace render_place(const Site& site, const RenderOptions& options);

}  // namespace skysense::synth
