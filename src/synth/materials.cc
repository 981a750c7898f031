#include "synth/materials.h"

#include "synth/noise.h"

namespace skysense::synth {
namespace {

// Round figures after the USGS and ECOSTRESS spectral libraries at Sentinel-2's bands.
constexpr Spectrum kLeaf = {.030f, .060f, .032f, .095f, .28f, .36f, .40f, .42f, .19f, .090f};
constexpr Spectrum kDarkLeaf = {.024f, .046f, .026f, .070f, .20f, .26f, .29f, .30f, .13f, .062f};
constexpr Spectrum kNeedle = {.020f, .034f, .022f, .050f, .14f, .18f, .20f, .21f, .090f, .045f};
constexpr Spectrum kBrightLeaf = {.036f, .085f, .045f, .13f, .33f, .41f, .45f, .47f, .24f, .12f};
constexpr Spectrum kStraw = {.075f, .11f, .145f, .18f, .21f, .23f, .26f, .28f, .34f, .26f};
constexpr Spectrum kTwigs = {.050f, .065f, .080f, .11f, .14f, .16f, .18f, .20f, .21f, .14f};
constexpr Spectrum kBareSoil = {.085f, .115f, .155f, .185f, .205f, .22f, .24f, .26f, .33f, .30f};
constexpr Spectrum kHumus = {.048f, .062f, .080f, .098f, .11f, .12f, .135f, .145f, .20f, .18f};
constexpr Spectrum kDune = {.17f, .24f, .31f, .34f, .36f, .38f, .40f, .42f, .48f, .44f};
constexpr Spectrum kSea = {.055f, .048f, .030f, .024f, .019f, .017f, .014f, .012f, .008f, .006f};
constexpr Spectrum kSilt = {.075f, .095f, .085f, .070f, .046f, .042f, .037f, .032f, .018f, .013f};
constexpr Spectrum kWetMud = {.070f, .085f, .10f, .11f, .11f, .115f, .12f, .12f, .11f, .085f};
constexpr Spectrum kStone = {.13f, .15f, .17f, .18f, .19f, .20f, .21f, .22f, .25f, .23f};
constexpr Spectrum kTar = {.075f, .080f, .085f, .090f, .096f, .10f, .105f, .11f, .13f, .12f};
constexpr Spectrum kCement = {.19f, .215f, .235f, .245f, .255f, .265f, .275f, .285f, .30f, .28f};
constexpr Spectrum kPebble = {.13f, .15f, .17f, .18f, .19f, .195f, .20f, .21f, .25f, .23f};
constexpr Spectrum kTile = {.070f, .095f, .185f, .21f, .235f, .25f, .27f, .29f, .34f, .31f};
constexpr Spectrum kSlate = {.072f, .078f, .084f, .088f, .092f, .096f, .10f, .105f, .12f, .11f};
constexpr Spectrum kSheet = {.31f, .33f, .34f, .345f, .35f, .355f, .36f, .365f, .37f, .34f};
constexpr Spectrum kWhite = {.52f, .54f, .55f, .55f, .55f, .55f, .55f, .54f, .46f, .40f};
constexpr Spectrum kSteel = {.15f, .16f, .17f, .175f, .18f, .185f, .19f, .195f, .22f, .20f};

constexpr std::array<MaterialTraits, kMaterials> kTraits = {{
    {kSea, kSea, Phenology::kNone, -19, -27, 0, 0, LandCover::kWater},
    {kSilt, kSilt, Phenology::kNone, -18, -26, 0, 0, LandCover::kWater},
    {kWetMud, kWetMud, Phenology::kNone, -13, -21, 0, 0, LandCover::kWetland},
    {kDune, kDune, Phenology::kNone, -17, -25, 0, 0, LandCover::kBare},
    {kBareSoil, kBareSoil, Phenology::kNone, -12, -20, 0, 0, LandCover::kBare},
    {kHumus, kHumus, Phenology::kNone, -11, -19, 0, 0, LandCover::kBare},
    {kStone, kStone, Phenology::kNone, -9, -17, 0, 0, LandCover::kBare},
    {kStraw, kLeaf, Phenology::kGrass, -13, -20, 1.5f, 2, LandCover::kGrass},
    {kStraw, kBrightLeaf, Phenology::kGrass, -12.5f, -19.5f, 2, 3, LandCover::kGrass},
    {kTwigs, kDarkLeaf, Phenology::kEvergreen, -11, -17, 1, 1.5f, LandCover::kGrass},
    {kTwigs, kLeaf, Phenology::kDeciduous, -9.5f, -15.5f, .7f, 1.8f, LandCover::kTrees},
    {kNeedle, kNeedle, Phenology::kEvergreen, -9, -14.5f, 0, 0, LandCover::kTrees},
    {kTwigs, kBrightLeaf, Phenology::kDeciduous, -10, -16.5f, .8f, 2, LandCover::kTrees},
    {kTwigs, kDarkLeaf, Phenology::kReed, -9, -17, 1.5f, 3, LandCover::kWetland},
    {kBareSoil, kLeaf, Phenology::kWheat, -11, -19, -2.5f, 2, LandCover::kCrops},
    {kBareSoil, kLeaf, Phenology::kBarley, -11, -19, -2, 2.8f, LandCover::kCrops},
    {kStraw, kLeaf, Phenology::kRapeseed, -11.5f, -19, 2, 5, LandCover::kCrops},
    {kBareSoil, kBrightLeaf, Phenology::kMaize, -11, -20, 2, 5.5f, LandCover::kCrops},
    {kBareSoil, kBrightLeaf, Phenology::kSunflower, -11, -20, 3, 6, LandCover::kCrops},
    // Ridges and low stems: potatoes scatter much more than beet of the same green.
    {kBareSoil, kLeaf, Phenology::kSugarBeet, -11, -20, 1, 3, LandCover::kCrops},
    {kBareSoil, kLeaf, Phenology::kPotato, -8.5f, -17, 2, 4.5f, LandCover::kCrops},
    {kStraw, kBrightLeaf, Phenology::kGrass, -12, -19.5f, 1.5f, 2.5f, LandCover::kCrops},
    {kBareSoil, kBareSoil, Phenology::kNone, -12, -20, 0, 0, LandCover::kCrops},
    {kTar, kTar, Phenology::kNone, -15, -23, 0, 0, LandCover::kPaved},
    {kCement, kCement, Phenology::kNone, -13, -22, 0, 0, LandCover::kPaved},
    {kPebble, kPebble, Phenology::kNone, -11, -19, 0, 0, LandCover::kPaved},
    {kTile, kTile, Phenology::kNone, -3, -11, 0, 0, LandCover::kBuilding},
    {kSlate, kSlate, Phenology::kNone, -2.5f, -11, 0, 0, LandCover::kBuilding},
    {kSheet, kSheet, Phenology::kNone, -1.5f, -10.5f, 0, 0, LandCover::kBuilding},
    {kWhite, kWhite, Phenology::kNone, -13, -22, 0, 0, LandCover::kPaved},
    {kSteel, kSteel, Phenology::kNone, 2, -7, 0, 0, LandCover::kPaved},
}};

/// 0 outside, 1 between `up` and `down`, with smooth flanks of the given lengths (days).
float season(float day, float rise, float up, float down, float fall) {
  return smooth_step(rise, up, day) * (1 - smooth_step(down, fall, day));
}

}  // namespace

const MaterialTraits& traits_of(Material material) { return kTraits[static_cast<size_t>(material)]; }

float greenness(Phenology phenology, float day) {
  while (day < 0) day += 365;
  while (day >= 365) day -= 365;
  switch (phenology) {
    case Phenology::kNone:
      return 0;
    case Phenology::kEvergreen:
      return 0.85f + 0.1f * season(day, 60, 150, 230, 330);
    case Phenology::kDeciduous:
      return 0.05f + 0.95f * season(day, 95, 140, 265, 315);
    case Phenology::kGrass:
      return 0.35f + 0.6f * season(day, 50, 115, 150, 205) + 0.3f * season(day, 235, 275, 290, 335);
    case Phenology::kWheat:
      return 0.18f + 0.8f * season(day, 55, 115, 150, 185) - 0.15f * season(day, 150, 195, 285, 320);
    case Phenology::kBarley:
      return 0.2f + 0.78f * season(day, 45, 100, 130, 165) - 0.17f * season(day, 130, 175, 270, 300);
    case Phenology::kRapeseed:
      return 0.2f + 0.75f * season(day, 45, 95, 135, 180);
    case Phenology::kMaize:
      return 0.02f + 0.95f * season(day, 140, 190, 240, 275);
    case Phenology::kSunflower:
      return 0.02f + 0.9f * season(day, 115, 170, 205, 245);
    case Phenology::kSugarBeet:
      return 0.02f + 0.93f * season(day, 120, 175, 275, 310);
    case Phenology::kPotato:
      return 0.02f + 0.93f * season(day, 122, 172, 262, 300);
    case Phenology::kReed:
      return 0.15f + 0.8f * season(day, 115, 170, 250, 310);
  }
  return 0;
}

}  // namespace skysense::synth
