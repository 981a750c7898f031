#include "synth/region_style.h"

namespace skysense::synth {

namespace {

/// How the HR image is taken: sun, season, exposure, air and camera.
void photograph(RegionStyle& style, uint32_t hash) {
  const auto draw = [hash](int32_t channel) { return unit(hash, 500 + channel); };
  style.sun = {direction_of(draw(0)), between(0.65f, 1.8f, draw(1))};
  style.hr_day = between(60, 330, draw(2));
  const float exposure = between(1.6f, 3.9f, draw(8) * draw(9) + 0.35f * draw(10));
  const float haze = between(0.0f, 0.22f, draw(11) * draw(12));
  for (int band = 0; band < 3; ++band) {
    style.hr_gain[static_cast<size_t>(band)] = exposure * between(0.88f, 1.14f, draw(20 + band));
    // Haze is bluish, more or less.
    style.hr_haze[static_cast<size_t>(band)] =
        haze * between(0.5f, 1, static_cast<float>(band) * 0.5f) + between(-0.015f, 0.025f, draw(30 + band));
  }
  style.hr_gamma = between(0.1f, 0.9f, draw(13));
  style.hr_noise = between(0.004f, 0.03f, draw(14));
  style.hr_sharpness = between(0.25f, 1, draw(15));
}

}  // namespace

RegionStyle style_of(uint64_t seed, const Site& site) {
  const uint32_t hash = region_hash(seed, site.zone, site.east_m, site.south_m);
  const auto draw = [hash](int32_t channel) { return unit(hash, 500 + channel); };
  RegionStyle style;
  style.seed = hash;
  style.southern = site.zone.southern;
  // Of the region's corner: one climate however the region is asked about.
  const auto corner = [](int64_t metres) { return metres / kRegionMetres * kRegionMetres; };
  style.climate = climate_at(seed, site.zone, corner(site.east_m), corner(site.south_m));
  const float humidity = style.climate.humidity;
  photograph(style, hash);
  style.season_shift = between(-18, 18, draw(3));
  // Dry countries are sparse, bright and red; the rest is the region's own.
  style.vigour = between(0.55f, 1.05f, 0.5f * draw(4) + 0.5f * humidity);
  style.soil_brightness = between(0.65f, 1.35f, 0.6f * draw(5) + 0.4f * (1 - humidity));
  style.soil_redness = between(-0.1f, 0.25f, 0.6f * draw(6) + 0.4f * (1 - humidity));
  style.moisture = 0.5f * draw(7) + 0.5f * humidity;
  // Nothing corrects the images for slope and sun: a place lies in a fifth to twice the light of level ground.
  const float ms_level = plain_exp2(between(-2.2f, 1.2f, draw(40))), tilt = between(-0.3f, 0.3f, draw(41));
  for (size_t band = 0; band < kBands; ++band) {
    style.ms_gain[band] = ms_level * (1 + tilt * (static_cast<float>(band) / 4.5f - 1)) *
                          between(0.88f, 1.12f, draw(50 + static_cast<int>(band)));
  }
  const float orbits = draw(46);
  style.ascending_share = orbits < 0.25f ? 1.0f : orbits < 0.5f ? 0.0f : 0.5f;
  for (int orbit = 0; orbit < 2; ++orbit) {
    const float incidence = between(-3, 3, draw(42 + 100 * orbit));
    // It looks to its right from a near-polar orbit: eastwards from an ascending one.
    style.orbits[static_cast<size_t>(orbit)] = {.towards = {orbit == 0 ? -0.98f : 0.98f, 0.199f},
                                                .offset_db = {incidence + between(-1, 1, draw(43 + 100 * orbit)),
                                                              incidence + between(-1.5f, 1.5f, draw(44 + 100 * orbit))},
                                                .built_offset_db = between(-9, 1, draw(45 + 100 * orbit))};
  }
  return style;
}

RegionStyle RegionStyle::photographed_again(int32_t flight) const {
  RegionStyle style = *this;
  photograph(style, lattice_hash(seed, flight, 7001));
  return style;
}

float RegionStyle::green_share(Material material, float day) const {
  return clamp01(vigour * greenness(traits_of(material).phenology, local_day(day)));
}

Spectrum RegionStyle::spectrum(Material material, float day) const {
  const MaterialTraits& traits = traits_of(material);
  const float green = green_share(material, day);
  const bool earthy =
      traits.cover == LandCover::kBare || traits.cover == LandCover::kCrops || traits.cover == LandCover::kGrass;
  Spectrum spectrum;
  for (size_t band = 0; band < kBands; ++band) {
    float bare = traits.bare[band];
    if (earthy)
      bare *= soil_brightness * (band < 2 ? 1 - soil_redness : 1 + 0.3f * soil_redness) * (1.1f - 0.3f * moisture);
    spectrum[band] = bare + (traits.green[band] - bare) * green;
  }
  return spectrum;
}

}  // namespace skysense::synth
