#include "model/geo_prototypes.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/equal.h>
#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"
#include "model/geo_context.h"
#include "testing/all_close.h"

namespace skysense {
namespace {

using testing::all_close;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

TEST(GeoPrototypes, PlacesGetTheRowsOfTheirRegions) {
  const GeoPrototypes prototypes(at::randn({64, 3, 8}));
  const EarthRegions earth(64);
  const auto locations = torch::tensor({{24.9, 60.2}, {kNan, kNan}, {-70.0, -33.4}}, torch::kDouble);
  const auto regions = prototypes.regions_of(locations);
  EXPECT_EQ(regions, (std::vector<int64_t>{earth.region_of(24.9, 60.2), -1, earth.region_of(-70, -33.4)}));
  const auto rows = prototypes.gather(regions, torch::kCPU);
  ASSERT_EQ(rows.sizes(), torch::IntArrayRef({3, 3, 8}));
  EXPECT_TRUE(at::equal(rows[0], prototypes.values()[regions[0]]));
  EXPECT_TRUE(at::equal(rows[2], prototypes.values()[regions[2]]));
  EXPECT_EQ(rows[1].abs().sum().item<float>(), 0);
  EXPECT_THROW(prototypes.regions_of(torch::tensor({{0.0, 91.0}}, torch::kDouble)), DataError);
}

TEST(GeoPrototypes, WhereNothingIsKnownThereIsNoContext) {
  GeoPrototypes prototypes(4, 3, 8);
  EXPECT_FALSE(prototypes.gather({0, 1, -1}, torch::kCPU).defined());
  prototypes.values()[1].fill_(0.5);
  EXPECT_TRUE(prototypes.knows(1));
  const auto rows = prototypes.gather({0, 1, -1}, torch::kCPU);
  GeoContext context(8);
  const torch::NoGradGuard no_grad;
  const auto fused = at::randn({3, 5, 8});
  const auto with = context(fused, rows), without = context(fused, torch::Tensor());
  EXPECT_TRUE(all_close(with[0], without[0], 1e-5, 1e-6));
  EXPECT_TRUE(all_close(with[2], without[2], 1e-5, 1e-6));
  EXPECT_FALSE(all_close(with[1], without[1], 1e-2, 1e-2));
}

TEST(GeoPrototypes, ValuesOfAnotherShapeAreRefused) {
  EXPECT_THROW(GeoPrototypes(at::randn({64, 3})), c10::ValueError);
}

}  // namespace
}  // namespace skysense
