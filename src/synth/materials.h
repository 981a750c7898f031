#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace skysense::synth {

/// Sentinel-2's ten 10 m and 20 m bands in the order of the sentinel2-l2a contract: B02 to B08, B8A, B11, B12.
inline constexpr int kBands = 10;
using Spectrum = std::array<float, kBands>;

/// What covers one HR pixel.
enum class Material : uint8_t {
  kDeepWater, kTurbidWater, kMud, kSand, kSoil, kDarkSoil, kRock, kGrass, kMeadow, kShrub, kBroadleaf, kConifer, kFruitTree,
  kReed, kWinterCereal, kMaize, kRapeseed, kPasture, kAsphalt, kConcrete, kGravel, kRedRoof, kDarkRoof, kBrightRoof, kPaint,
  kMetal, kCount
};
inline constexpr int kMaterials = static_cast<int>(Material::kCount);

/// Classes of the label raster.
enum class LandCover : uint8_t { kWater, kTrees, kGrass, kCrops, kBare, kBuilding, kPaved, kWetland, kCount };
inline constexpr std::array<std::string_view, static_cast<size_t>(LandCover::kCount)> kLandCoverNames = {
    "water", "trees", "grass", "crops", "bare", "building", "paved", "wetland"};

/// How the green share of a material runs through the year.
enum class Phenology : uint8_t { kNone, kEvergreen, kDeciduous, kGrass, kWinterCrop, kSummerCrop, kOilCrop, kReed };

struct MaterialTraits {
  Spectrum bare;        ///< reflectance without leaves
  Spectrum green;       ///< reflectance at full leaf
  Phenology phenology;
  float vv_db, vh_db;   ///< mean backscatter without leaves
  float leaf_vv_db, leaf_vh_db;  ///< added at full leaf
  LandCover cover;
};

const MaterialTraits& traits_of(Material material);

/// Green share in [0, 1] on a day of the year (1 to 366, real-valued; any number wraps). Northern seasons.
float greenness(Phenology phenology, float day);

}  // namespace skysense::synth
