#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "synth/labels.h"
#include "synth/sensors.h"

namespace skysense::synth {

/// What to render of a site.
struct RenderOptions {
  uint64_t seed = 1;  ///< of the world
  bool hr = true;
  int64_t hr_per_cell = 8;  ///< of the HR image, and of the ground that the other sensors mix
  int64_t ms_dates = 10, sar_dates = 5;
  float missing_dates = 0;    ///< chance of each MS or SAR date but the first not to be there
  bool snow = true;           ///< false: winters without snow
  float misregistration = 0;  ///< 10 m pixels by which MS and SAR images lie off the ground at most, up to 1
  bool ms_offset = false;     ///< add 1000 to DN, as processing baseline 04.00 does
  bool sar_linear = false;    ///< backscatter as power instead of dB
  bool hr_cover = false;      ///< find the land cover of the HR grid's pixels
  bool details = false;       ///< find the objects and ways on the HR grid, and its land cover
};

/// One place as its sensors' products hold it.
struct RenderedPlace {
  Site site;
  std::vector<uint8_t> hr;              ///< [3, side, side], side = cells * pixels a cell; empty without HR
  std::vector<MsImage> ms;              ///< by date, [10, cells, cells] each
  std::vector<SarImage> sar;            ///< by date, [2, cells, cells] each
  std::vector<uint8_t> cover;           ///< [cells, cells] LandCover of most of the cell
  std::vector<uint8_t> crops;           ///< [cells, cells] Crop, or kUnlabelled
  std::vector<uint8_t> covers_present;  ///< a flag for each LandCover: on at least 5 % of the ground
  // In the HR image's pixels; empty unless they are asked for.
  std::vector<uint8_t> hr_cover;  ///< [side, side] LandCover
  std::vector<VisibleObject> objects;
  ObjectMap object_map;  ///< [side + 2, side + 2]
  std::vector<WayLine> ways;
};
RenderedPlace render_place(const Site& site, const RenderOptions& options);

/// A place on two flights of different years, each in its own light and season, and what changed for good or lies under
/// water between them: a change of land cover. Vehicles, ships, crops and light are none.
struct PlaceChange {
  std::array<float, 2> day{};                    ///< days from 2023-01-01
  std::array<std::vector<uint8_t>, 2> hr;        ///< [3, side, side]
  std::array<std::vector<uint8_t>, 2> hr_cover;  ///< [side, side] LandCover
  std::vector<uint8_t> changed;                  ///< [side, side] 1 where the land cover is another
};
PlaceChange render_change(const Site& site, const RenderOptions& options);

/// The ground on one day: an MS image and the land cover that it shows.
struct MonthlyImage {
  float day = 0;  ///< days from 2023-01-01
  MsImage ms;
  std::vector<uint8_t> cover;  ///< [cells, cells] LandCover
};
/// `months` images, one about the middle of each month from January 2023.
std::vector<MonthlyImage> render_months(const Site& site, const RenderOptions& options, int64_t months);

}  // namespace skysense::synth
