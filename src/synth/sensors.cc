#include "synth/sensors.h"

#include <algorithm>

namespace skysense::synth {
namespace {

/// A hash of one 10 m cell or HR pixel of the world, so that noise belongs to the ground and not to the square.
uint32_t place_hash(uint32_t seed, int64_t column, int64_t row) {
  return lattice_hash(seed, static_cast<int32_t>(column), static_cast<int32_t>(row));
}

int day_of_year(int day) { return (day - 1) % 365 + 1; }

// After the USGS spectral library: fresh snow.
constexpr Spectrum kSnow = {.86f, .86f, .85f, .84f, .83f, .81f, .79f, .77f, .12f, .08f};

/// How much of the snow on the ground shows on a land cover: crowns shed and hide it, roads and roofs are cleared.
float snow_shown(LandCover cover) {
  switch (cover) {
    case LandCover::kWater:
      return 0;
    case LandCover::kTrees:
      return 0.35f;
    case LandCover::kBuilding:
      return 0.7f;
    case LandCover::kPaved:
      return 0.25f;
    default:
      return 1;
  }
}

/// Roughly normal with unit variance, from one hash: the sum of four bytes.
float rough_normal(uint32_t hash) {
  const uint32_t sum = (hash & 0xFF) + (hash >> 8 & 0xFF) + (hash >> 16 & 0xFF) + (hash >> 24);
  return (static_cast<float>(sum) - 510) * (1.0f / 147.8f);
}

/// (v + root of v) in shares: a plain tone curve; `v` in [0, 1].
float tone(float v, float gamma_share) {
  // Heron's rule from the tangent line: monotonic, exact enough, and free of libm.
  float root = 0.25f + 0.75f * v;
  root = 0.5f * (root + v / root);
  root = 0.5f * (root + v / root);
  return v + (root - v) * gamma_share;
}

}  // namespace

std::vector<uint8_t> render_hr(const GroundMap& ground, const Site& site, const RegionStyle& style) {
  const int64_t side = ground.side, count = side * side, stride = ground.stride();
  std::vector<uint8_t> image(static_cast<size_t>(3 * count));
  std::array<std::array<float, 3>, kMaterials> colours;
  for (size_t m = 0; m < kMaterials; ++m) {
    const Spectrum spectrum = style.spectrum(static_cast<Material>(m), style.hr_day);
    colours[m] = {spectrum[2], spectrum[1], spectrum[0]};
  }
  const float blur = 0.8f * (1 - style.hr_sharpness) + 0.15f;  // share of the four neighbours: what a lens does
  const int64_t first_column = site.east_m / 10 * ground.per_cell, first_row = site.south_m / 10 * ground.per_cell;
  // Snow by 10 m cells: the border of a pixel has that of its neighbour.
  std::array<float, kMaterials> shown;
  for (size_t m = 0; m < kMaterials; ++m) shown[m] = snow_shown(traits_of(static_cast<Material>(m)).cover);
  std::vector<float> snow;
  const int64_t cells = side / ground.per_cell;
  for (int64_t cell = 0; cell < cells * cells; ++cell) {
    snow.push_back(
        style.snow(ground.terrain.altitude_m[static_cast<size_t>(cell / cells * ground.terrain.corners + cell % cells)],
                   style.hr_day));
  }
  const bool snowy = std::ranges::any_of(snow, [](float share) { return share > 0; });
  const auto snow_at = [&](int64_t row, int64_t column) {
    const auto cell_of = [&](int64_t pixel) { return std::clamp<int64_t>(pixel, 0, side - 1) / ground.per_cell; };
    return snow[static_cast<size_t>(cell_of(row) * cells + cell_of(column))];
  };
  std::vector<float> plane(ground.material.size());
  for (size_t colour = 0; colour < 3; ++colour) {
    for (size_t i = 0; i < plane.size(); ++i) plane[i] = colours[ground.material[i]][colour] * ground.brightness[i];
    for (int64_t row = -1; snowy && row <= side; ++row) {
      for (int64_t column = -1; column <= side; ++column) {
        const size_t i = ground.index(row, column);
        const float share = snow_at(row, column) * shown[ground.material[i]];
        plane[i] += share * (kSnow[2 - colour] * ground.brightness[i] - plane[i]);
      }
    }
    const float gain = style.hr_gain[colour], haze = style.hr_haze[colour];
    const uint32_t noise_seed = style.seed + static_cast<uint32_t>(colour) * 0x3779;
    uint8_t* out = image.data() + static_cast<int64_t>(colour) * count;
    for (int64_t row = 0; row < side; ++row) {
      const float* here = plane.data() + ground.index(row, 0);
      for (int64_t x = 0; x < side; ++x) {
        const float around = 0.25f * (here[x - 1] + here[x + 1] + here[x - stride] + here[x + stride]);
        const float seen = here[x] + blur * (around - here[x]);
        const float noise = rough_normal(place_hash(noise_seed, first_column + x, first_row + row));
        const float shown = tone(clamp01(gain * seen + haze), style.hr_gamma) + style.hr_noise * noise;
        out[row * side + x] = static_cast<uint8_t>(clamp01(shown) * 255 + 0.5f);
      }
    }
  }
  return image;
}

CellMixture mix_cells(const GroundMap& ground) {
  CellMixture cells;
  cells.side = ground.side / ground.per_cell;
  cells.terrain = ground.terrain;
  const float share = 1.0f / static_cast<float>(ground.per_cell * ground.per_cell);
  std::array<int32_t, kMaterials> pixels{};
  std::array<float, kMaterials> brightness{};
  for (int64_t row = 0; row < cells.side; ++row) {
    for (int64_t column = 0; column < cells.side; ++column) {
      pixels.fill(0);
      brightness.fill(0);
      for (int64_t y = row * ground.per_cell; y < (row + 1) * ground.per_cell; ++y) {
        for (int64_t x = column * ground.per_cell; x < (column + 1) * ground.per_cell; ++x) {
          const size_t pixel = ground.index(y, x);
          ++pixels[ground.material[pixel]];
          brightness[ground.material[pixel]] += ground.brightness[pixel];
        }
      }
      cells.first.push_back(static_cast<uint32_t>(cells.parts.size()));
      for (size_t m = 0; m < kMaterials; ++m) {
        if (pixels[m] == 0) continue;
        cells.parts.push_back({static_cast<uint8_t>(m), static_cast<float>(pixels[m]) * share,
                               brightness[m] / static_cast<float>(pixels[m])});
      }
    }
  }
  cells.first.push_back(static_cast<uint32_t>(cells.parts.size()));
  return cells;
}

namespace {

/// Cloud opacity and shadow of one date, cell by cell: drifting noise past the date's threshold.
struct Sky {
  uint32_t seed;
  float threshold;  ///< above 1: no clouds
  float opacity_at(int64_t column, int64_t row) const {
    if (threshold > 1) return 0;
    const float x = static_cast<float>(column & 0xFFFF) * 0.021f, y = static_cast<float>(row & 0xFFFF) * 0.021f;
    return smooth_step(threshold, threshold + 0.16f, fractal_noise(seed, x, y, 4));
  }
};

Sky sky_of(const RegionStyle& style, int day) {
  const uint32_t seed = lattice_hash(style.seed, day, 0xC10D);
  const float weather = unit(seed, 1);
  return {seed, weather < 0.6f ? 2.0f : between(0.62f, 0.30f, (weather - 0.6f) / 0.4f)};
}

}  // namespace

MsImage render_ms(const CellMixture& cells, const Site& site, const RegionStyle& style, int day) {
  const int64_t side = cells.side, count = side * side;
  MsImage image{.day_of_year = day_of_year(day), .dn = {}, .clear = {}};
  image.dn.resize(static_cast<size_t>(kBands * count));
  image.clear.resize(static_cast<size_t>(count));
  std::array<Spectrum, kMaterials> table;
  for (int m = 0; m < kMaterials; ++m)
    table[static_cast<size_t>(m)] = style.spectrum(static_cast<Material>(m), static_cast<float>(day));
  const Sky sky = sky_of(style, day);
  // Imperfect correction for air and sun: a bluish offset and a gain, new on each date.
  const float haze = 0.035f * unit(sky.seed, 2) * unit(sky.seed, 3),
              gain = plain_exp2(between(-0.7f, 0.55f, unit(sky.seed, 4)));
  const int64_t first_column = site.east_m / 10, first_row = site.south_m / 10;
  // Clouds are about 600 m up the sun's ray: their shadow falls away from it.
  const auto shift = [&](float towards) {
    return static_cast<int64_t>(floor_int(towards * 14 / style.sun.slope + 0.5f));
  };
  const int64_t shadow_x = shift(style.sun.towards.x), shadow_y = shift(style.sun.towards.y);
  for (int64_t row = 0; row < side; ++row) {
    for (int64_t column = 0; column < side; ++column) {
      const int64_t cell = row * side + column;
      const float snow = style.snow(cells.terrain.altitude_m[static_cast<size_t>(row * cells.terrain.corners + column)],
                                    static_cast<float>(day));
      Spectrum sum{};
      for (uint32_t i = cells.first[static_cast<size_t>(cell)]; i < cells.first[static_cast<size_t>(cell) + 1]; ++i) {
        const auto& part = cells.parts[i];
        const float weight = part.share * part.brightness;
        const float white = snow * snow_shown(traits_of(static_cast<Material>(part.material)).cover);
        for (size_t band = 0; band < kBands; ++band)
          sum[band] += weight * (table[part.material][band] + white * (kSnow[band] - table[part.material][band]));
      }
      const float cloud = sky.opacity_at(first_column + column, first_row + row);
      const float shadow = sky.opacity_at(first_column + column + shadow_x, first_row + row + shadow_y) * (1 - cloud);
      image.clear[static_cast<size_t>(cell)] = cloud < 0.25f && shadow < 0.35f;
      uint32_t noise = place_hash(sky.seed, first_column + column, first_row + row);
      for (size_t band = 0; band < kBands; ++band) {
        noise = noise * 0x9E3779B1u + 0x7F4A7C15u;
        const float offset = band < 4 ? haze * between(1, 0.35f, static_cast<float>(band) / 3) : 0.1f * haze;
        float value = (gain * style.ms_gain[band] * sum[band] + offset) * (1 - 0.55f * shadow);
        value += cloud * (between(0.72f, 0.4f, static_cast<float>(band) / 9) - value);
        value += 0.0035f * rough_normal(noise ^ noise >> 15);
        image.dn[band * static_cast<size_t>(count) + static_cast<size_t>(cell)] =
            static_cast<uint16_t>(std::clamp(value * 10000 + 0.5f, 1.0f, 15999.0f));
      }
    }
  }
  return image;
}

SarImage render_sar(const CellMixture& cells, const Site& site, const RegionStyle& style, int day) {
  constexpr int kLooks = 4;
  const int64_t side = cells.side, count = side * side;
  SarImage image{.day_of_year = day_of_year(day), .backscatter = {}};
  image.backscatter.resize(static_cast<size_t>(2 * count));
  const uint32_t seed = lattice_hash(style.seed, day, 0x5A2);
  const RadarOrbit& orbit = style.orbits[unit(seed, 5) < style.ascending_share ? 0 : 1];
  const float wet = between(-1.5f, 1.5f, style.moisture) + between(-1.2f, 1.2f, unit(seed, 1));  // rain before the pass
  const float wind = between(-3, 4.5f, unit(seed, 2)), calibration = between(-0.4f, 0.4f, unit(seed, 3));
  std::array<std::array<float, kMaterials>, 2> power;
  for (int m = 0; m < kMaterials; ++m) {
    const auto material = static_cast<Material>(m);
    const MaterialTraits& traits = traits_of(material);
    const float green = style.green_share(material, static_cast<float>(day));
    const float weather = traits.cover == LandCover::kWater      ? wind
                          : traits.cover == LandCover::kBuilding ? orbit.built_offset_db
                                                                 : wet;
    power[0][static_cast<size_t>(m)] =
        power_of(traits.vv_db + green * traits.leaf_vv_db + weather + calibration + orbit.offset_db[0]);
    power[1][static_cast<size_t>(m)] =
        power_of(traits.vh_db + green * traits.leaf_vh_db + 0.6f * weather + calibration + orbit.offset_db[1]);
  }
  const int64_t first_column = site.east_m / 10, first_row = site.south_m / 10;
  constexpr float kNoiseFloor = 0.0016f;  // -28 dB
  // Slopes that face the sensor are bright, those behind are dark; water is level, and melting snow swallows the
  // signal.
  std::vector<float> land_gain;
  for (int64_t row = 0; row < side; ++row) {
    for (int64_t column = 0; column < side; ++column) {
      const int64_t n = cells.terrain.corners;
      const float* corner = cells.terrain.altitude_m.data() + row * n + column;
      const float rise_x = 0.5f * (corner[1] - corner[0] + corner[n + 1] - corner[n]),
                  rise_y = 0.5f * (corner[n] - corner[0] + corner[n + 1] - corner[1]);
      const float facing = -(rise_x * orbit.towards.x + rise_y * orbit.towards.y) / 10;
      const float snow = style.snow(corner[0], static_cast<float>(day));
      land_gain.push_back(power_of(std::clamp(16 * facing, -8.0f, 8.0f) - 2.5f * snow * (1 - snow) * 4));
    }
  }
  for (size_t channel = 0; channel < 2; ++channel) {
    for (int64_t cell = 0; cell < count; ++cell) {
      float mean = kNoiseFloor;
      for (uint32_t i = cells.first[static_cast<size_t>(cell)]; i < cells.first[static_cast<size_t>(cell) + 1]; ++i) {
        const auto& part = cells.parts[i];
        const bool level = traits_of(static_cast<Material>(part.material)).cover == LandCover::kWater;
        mean += part.share * power[channel][part.material] * (level ? 1 : land_gain[static_cast<size_t>(cell)]);
      }
      uint32_t hash =
          place_hash(seed + 17 * static_cast<uint32_t>(channel), first_column + cell % side, first_row + cell / side);
      float speckle = 0;  // gamma distributed, mean 1, shape kLooks
      for (int look = 0; look < kLooks; ++look) {
        hash = lattice_hash(hash, look, 3);
        speckle -= plain_log(unit(hash) + 0x1.0p-25f);
      }
      image.backscatter[channel * static_cast<size_t>(count) + static_cast<size_t>(cell)] =
          decibels(mean * speckle * (1.0f / kLooks));
    }
  }
  return image;
}

std::vector<int> acquisition_days(const RegionStyle& style, int64_t count, int32_t sensor, float missing) {
  std::vector<int> days;
  int last = 0;
  for (int64_t i = 0; i < count; ++i) {
    const auto number = static_cast<int32_t>(i);
    const float share =
        (static_cast<float>(i) + unit(lattice_hash(style.seed, number, 900 + sensor))) / static_cast<float>(count);
    last = std::max(last + 1, 1 + std::min(364, static_cast<int>(share * 365)));
    // The first of the year is always there: a place keeps its sensors.
    if (i == 0 || unit(lattice_hash(style.seed, number, 950 + sensor)) >= missing) days.push_back(last);
  }
  return days;
}

}  // namespace skysense::synth
