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
  kDeepWater,
  kTurbidWater,
  kMud,
  kSand,
  kSoil,
  kDarkSoil,
  kRock,
  kGrass,
  kMeadow,
  kShrub,
  kBroadleaf,
  kConifer,
  kFruitTree,
  kReed,
  kWheat,
  kBarley,
  kRapeseed,
  kMaize,
  kSunflower,
  kSugarBeet,
  kPotato,
  kPasture,
  kFallow,
  kAsphalt,
  kConcrete,
  kGravel,
  kRedRoof,
  kDarkRoof,
  kBrightRoof,
  kPaint,
  kMetal,
  kCount
};
inline constexpr int kMaterials = static_cast<int>(Material::kCount);

/// Classes of the label raster.
enum class LandCover : uint8_t { kWater, kTrees, kGrass, kCrops, kBare, kBuilding, kPaved, kWetland, kCount };
inline constexpr std::array<std::string_view, static_cast<size_t>(LandCover::kCount)> kLandCoverNames = {
    "water", "trees", "grass", "crops", "bare", "building", "paved", "wetland"};

/// Classes of the crop raster. Wheat and barley, or beet and potato, look much alike on any one day.
enum class Crop : uint8_t {
  kWheat,
  kBarley,
  kRapeseed,
  kMaize,
  kSunflower,
  kSugarBeet,
  kPotato,
  kPasture,
  kFallow,
  kCount
};
inline constexpr std::array<std::string_view, static_cast<size_t>(Crop::kCount)> kCropNames = {
    "wheat", "barley", "rapeseed", "maize", "sunflower", "sugar_beet", "potato", "pasture", "fallow"};

/// How the green share of a material runs through the year.
enum class Phenology : uint8_t {
  kNone,
  kEvergreen,
  kDeciduous,
  kGrass,
  kReed,
  kWheat,
  kBarley,
  kRapeseed,
  kMaize,
  kSunflower,
  kSugarBeet,
  kPotato
};

struct MaterialTraits {
  Spectrum bare;   ///< reflectance without leaves
  Spectrum green;  ///< reflectance at full leaf
  Phenology phenology;
  float vv_db, vh_db;            ///< mean backscatter without leaves
  float leaf_vv_db, leaf_vh_db;  ///< added at full leaf
  LandCover cover;
};

const MaterialTraits& traits_of(Material material);

/// The crop that a material is; Crop::kCount for what no field grows.
constexpr Crop crop_of(Material material) {
  return material >= Material::kWheat && material <= Material::kFallow
             ? static_cast<Crop>(static_cast<int>(material) - static_cast<int>(Material::kWheat))
             : Crop::kCount;
}

/// Green share in [0, 1] on a day of the year (1 to 366, real-valued; any number wraps). Northern seasons.
float greenness(Phenology phenology, float day);

}  // namespace skysense::synth
