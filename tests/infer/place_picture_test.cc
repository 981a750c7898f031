#include "infer/place_picture.h"

#include <gtest/gtest.h>

namespace skysense {
namespace {

/// Two MS dates of 2 x 50 pixels; the second is clearer. A band's value is its number plus the column's share.
PlaceSample striped_place(const SensorContract& contract) {
  PlaceSample place;
  place.id = "stripes";
  auto values = torch::zeros({2, contract.channels(), 2, 50});
  for (int64_t band = 0; band < contract.channels(); ++band)
    values[1][band] = torch::linspace(0, 1, 50).expand({2, 50}) + static_cast<double>(band);
  auto valid = torch::ones({2, 2, 50}, torch::kBool);
  valid[0].fill_(false);
  valid[1][0][49] = false;
  place.images[contract.modality] = ImageSeries{values, valid, torch::tensor({10, 200}, torch::kInt64)};
  return place;
}

TEST(PlacePicture, ShowsRedGreenAndBlueOfTheClearestDateWithOneStretch) {
  const SensorContract contract = builtin_contract("sentinel2-l2a");
  const Picture picture = place_picture(striped_place(contract), Modality::kMs, contract);
  ASSERT_EQ(picture.channels, 4);
  EXPECT_EQ(picture.colour(49, 0).alpha, 0);
  const Colour left = picture.colour(0, 1), right = picture.colour(49, 1);
  // B04 = 2 .. 3, B03 = 1 .. 2, B02 = 0 .. 1: together 0 to 3, but for two percent at either end.
  EXPECT_NEAR(left.red, 255 * 2 / 3, 4);
  EXPECT_NEAR(left.green, 255 / 3, 4);
  EXPECT_EQ(left.blue, 0);
  EXPECT_EQ(right.red, 255);
  EXPECT_NEAR(right.blue, 255 / 3, 4);
}

TEST(PlacePicture, StretchesEachBandOfRadarForItself) {
  const SensorContract contract = builtin_contract("sentinel1-grd-db");
  const Picture picture = place_picture(striped_place(contract), Modality::kSar, contract);
  EXPECT_EQ(picture.colour(0, 1), (Colour{0, 0, 0}));
  EXPECT_EQ(picture.colour(49, 1), (Colour{255, 255, 255}));
}

TEST(PlacePicture, WantsTheModality) {
  const SensorContract contract = builtin_contract("sentinel2-l2a");
  EXPECT_THROW(place_picture(striped_place(contract), Modality::kSar, contract), c10::ValueError);
}

}  // namespace
}  // namespace skysense
