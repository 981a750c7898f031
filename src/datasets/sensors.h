#pragma once

#include "core/sensor_contract.h"

namespace skysense {

// Contracts of the data sets' images. Means and deviations are round figures, as those of the built-in contracts.

/// 8-bit red, green, blue pictures (kHr).
SensorContracts rgb_pictures(double gsd_m);
/// 8-bit near infrared, red, green pictures (kHr), as Potsdam's IRRG.
SensorContracts irrg_pictures(double gsd_m);
/// A built-in contract alone.
SensorContracts built_in(const std::string& name);
/// Sentinel-2 (built-in) and Sentinel-1 in dB.
SensorContracts sentinel2_and_1();
/// PlanetFusion surface reflectance: blue, green, red, nir, DN / 10,000, 3 m (kHr).
SensorContract planet_fusion();
/// Gaofen-2, 8-bit: nir, red, green, blue, 4 m (kHr).
SensorContract gaofen2();
/// Landsat-8 level 1: bands 1 to 7 and 9 as top-of-atmosphere reflectance without the sun's angle, DN * 2e-5 - 0.1
/// (USGS, Landsat 8 data users handbook, sec. 5), 30 m (kMs).
SensorContract landsat8_toa();
/// Gaofen-3 quad-polarised amplitude: HH, HV, VH, VV, 8 m (kSar); stored numbers as they are.
SensorContract gaofen3();

}  // namespace skysense
