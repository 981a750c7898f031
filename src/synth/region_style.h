#pragma once

#include "synth/ground_map.h"

namespace skysense::synth {

/// How a radar satellite sees a region from one of its orbits.
struct RadarOrbit {
  Direction towards;                 ///< on the ground, to the sensor
  std::array<float, 2> offset_db{};  ///< VV, VH: incidence angle
  float built_offset_db = 0;         ///< of roofs: how the streets lie to the radar's look
};

/// How a region looks and was observed, drawn independently of what is in it: so levels and colours alone do
/// not settle what a place is.
struct RegionStyle {
  uint32_t seed = 0;
  bool southern = false;
  Climate climate;
  bool snows = true;  ///< false: winters without snow
  Sun sun;
  float hr_day = 180;      ///< of the HR mosaic
  float season_shift = 0;  ///< days by which seasons come late
  float vigour = 1;        ///< of vegetation
  float soil_brightness = 1, soil_redness = 0;
  float moisture = 0.5f;                      ///< 0 dry, 1 wet
  std::array<float, 3> hr_gain{}, hr_haze{};  ///< per R, G, B: value = gain * reflectance + haze
  Spectrum ms_gain{};                         ///< per MS band: atmosphere, illumination and view angle
  std::array<RadarOrbit, 2> orbits{};         ///< ascending, descending
  float ascending_share = 0.5f;               ///< of the SAR dates: some regions are seen from one orbit only
  float hr_gamma = 0.5f;                      ///< share of the square-root curve in the tone mapping
  float hr_noise = 0.01f;
  float hr_sharpness = 1;  ///< 1 as painted, 0 well blurred

  /// The material's ten reflectances on a day of the year.
  Spectrum spectrum(Material material, float day) const;
  float green_share(Material material, float day) const;
  /// Share of the ground under snow at an altitude on a day of the year.
  float snow(float altitude_m, float day) const { return snows ? climate.snow(altitude_m, local_day(day)) : 0; }
  bool has_streams() const { return climate.humidity > 0.25f; }
  /// Day of the year as its seasons have it: southern ones come half a year later. Real-valued; any number wraps.
  float local_day(float day) const { return day - season_shift + (southern ? 182.0f : 0.0f); }
  /// The same region on another flight: its own sun, season, exposure, air and camera.
  RegionStyle photographed_again(int32_t flight) const;
};

/// The style of the region around a site of the world `seed`.
RegionStyle style_of(uint64_t seed, const Site& site);

}  // namespace skysense::synth
