#include "core/earth_regions.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>
#include <set>

#include "core/error.h"
#include "core/random.h"

namespace skysense {
namespace {

constexpr double kDegree = std::numbers::pi / 180;
constexpr double kAreaOfUnitSphere = 4 * std::numbers::pi;

double area_of(const RegionBounds& b) {
  return (b.east - b.west) * kDegree * (std::sin(b.north * kDegree) - std::sin(b.south * kDegree));
}

/// The angle between two points, radians.
double angle(double longitude_a, double latitude_a, double longitude_b, double latitude_b) {
  const double half_latitude = std::sin((latitude_a - latitude_b) * kDegree / 2);
  const double half_longitude = std::sin((longitude_a - longitude_b) * kDegree / 2);
  const double h = half_latitude * half_latitude +
                   std::cos(latitude_a * kDegree) * std::cos(latitude_b * kDegree) * half_longitude * half_longitude;
  return 2 * std::asin(std::sqrt(std::min(1.0, h)));
}

bool holds(const RegionBounds& b, double longitude, double latitude) {
  return longitude >= b.west && longitude <= b.east && latitude >= b.south - 1e-9 && latitude <= b.north + 1e-9;
}

class EarthRegionsOf : public ::testing::TestWithParam<int64_t> {
 protected:
  const EarthRegions regions_{GetParam()};
};

TEST_P(EarthRegionsOf, HaveEqualAreasThatCoverTheGlobe) {
  ASSERT_EQ(regions_.count(), GetParam());
  double total = 0;
  for (int64_t r = 0; r < regions_.count(); ++r) {
    const double area = area_of(regions_.bounds_of(r));
    EXPECT_NEAR(area * static_cast<double>(regions_.count()) / kAreaOfUnitSphere, 1, 1e-9) << r;
    total += area;
  }
  EXPECT_NEAR(total, kAreaOfUnitSphere, 1e-9);
}

TEST_P(EarthRegionsOf, HoldEveryPointOnce) {
  RandomStream stream(1, 0, static_cast<uint64_t>(GetParam()), "points");
  std::set<int64_t> seen;
  for (int i = 0; i < 20000; ++i) {
    const double longitude = stream.uniform(-180, 180), latitude = std::asin(stream.uniform(-1, 1)) / kDegree;
    const int64_t region = regions_.region_of(longitude, latitude);
    ASSERT_TRUE(holds(regions_.bounds_of(region), longitude, latitude)) << longitude << " " << latitude;
    seen.insert(region);
  }
  if (GetParam() <= 256) {
    EXPECT_EQ(static_cast<int64_t>(seen.size()), GetParam());
  }
}

TEST_P(EarthRegionsOf, MiddlesLieInTheirOwn) {
  for (int64_t r = 0; r < regions_.count(); ++r) {
    const RegionBounds b = regions_.bounds_of(r);
    EXPECT_EQ(regions_.region_of((b.west + b.east) / 2, (b.south + b.north) / 2), r);
  }
}

TEST_P(EarthRegionsOf, MeetTheirNeighbours) {
  for (int64_t r = 0; r < regions_.count(); ++r) {
    const RegionBounds b = regions_.bounds_of(r);
    const double latitude = (b.south + b.north) / 2, width = b.east - b.west;
    const int64_t east = regions_.region_of(b.east + width * 1e-6, latitude);
    EXPECT_NEAR(std::remainder(regions_.bounds_of(east).west - b.east, 360), 0, 1e-9);
    if (b.south < -89.999999) continue;
    const int64_t south = regions_.region_of((b.west + b.east) / 2, b.south - 1e-6);
    EXPECT_NEAR(regions_.bounds_of(south).north, b.south, 1e-9);
    EXPECT_GT(south, r);
  }
}

/// The largest angle between two points of a region, radians.
double diameter_of(const RegionBounds& b) {
  if (b.east - b.west < 360) {
    const double diagonal = angle(b.west, b.north, b.east, b.south);
    return std::max({diagonal, angle(b.west, b.north, b.east, b.north), angle(b.west, b.south, b.east, b.south)});
  }
  if (b.north > 90 - 1e-9) return std::min(180.0, 2 * (90 - b.south)) * kDegree;
  if (b.south < -90 + 1e-9) return std::min(180.0, 2 * (b.north + 90)) * kDegree;
  return std::numbers::pi;  // all round the globe
}

TEST_P(EarthRegionsOf, HaveSmallDiameters) {
  // Leopardi's bound. A square of this area has a diagonal of 5 / sqrt(N).
  for (int64_t r = 0; r < regions_.count(); ++r) {
    EXPECT_LE(diameter_of(regions_.bounds_of(r)), 7 / std::sqrt(static_cast<double>(GetParam()))) << r;
  }
}

TEST_P(EarthRegionsOf, PolesAndTheAntimeridianAreOneWhateverTheirSpelling) {
  for (const double longitude : {-180.0, -90.0, 0.0, 33.0, 180.0, 360.0}) {
    EXPECT_EQ(regions_.region_of(longitude, 90), 0);
    EXPECT_EQ(regions_.region_of(longitude, -90), GetParam() - 1);
  }
  for (double latitude = -90; latitude <= 90; latitude += 0.5) {
    EXPECT_EQ(regions_.region_of(-180, latitude), regions_.region_of(180, latitude));
    EXPECT_EQ(regions_.region_of(-170, latitude), regions_.region_of(190, latitude));
    const int64_t last = regions_.region_of(std::nextafter(180.0, 0.0), latitude);
    EXPECT_GE(last, regions_.region_of(-180, latitude));
    EXPECT_LT(last, GetParam());
  }
}

INSTANTIATE_TEST_SUITE_P(Counts, EarthRegionsOf, ::testing::Values(1, 2, 3, 7, 64, 256, 1024, 4096));

TEST(EarthRegions, RefuseWhatIsNoPoint) {
  const EarthRegions regions(64);
  constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_THROW(regions.region_of(kNan, 0), DataError);
  EXPECT_THROW(regions.region_of(0, kNan), DataError);
  EXPECT_THROW(regions.region_of(0, 90.001), DataError);
  EXPECT_THROW(regions.region_of(std::numeric_limits<double>::infinity(), 0), DataError);
  EXPECT_THROW(EarthRegions(0), std::invalid_argument);
  EXPECT_THROW(regions.bounds_of(64), std::out_of_range);
}

std::vector<int64_t> collar_sizes(int64_t count) {
  const EarthRegions regions(count);
  std::vector<int64_t> sizes;
  for (int64_t r = 0; r < count; ++r) {
    if (r == 0 || regions.bounds_of(r).west == -180) sizes.push_back(0);
    ++sizes.back();
  }
  return sizes;
}

TEST(EarthRegions, AreThoseOfTheirAuthorsProgram) {
  // eq_caps(2, N) of the EQSP package, PyEQSP 1.0b3.
  using Sizes = std::vector<int64_t>;
  EXPECT_EQ(collar_sizes(7), (Sizes{1, 5, 1}));
  EXPECT_EQ(collar_sizes(33), (Sizes{1, 6, 9, 10, 6, 1}));
  EXPECT_EQ(collar_sizes(64), (Sizes{1, 6, 11, 14, 14, 11, 6, 1}));
  EXPECT_EQ(collar_sizes(256), (Sizes{1, 7, 12, 18, 22, 26, 28, 28, 28, 26, 22, 18, 12, 7, 1}));
  EXPECT_EQ(collar_sizes(1024), (Sizes{1,  7,  13, 19, 25, 31, 35, 41, 45, 48, 52, 54, 56, 56, 58,
                                       56, 56, 54, 52, 48, 45, 41, 35, 31, 25, 19, 13, 7,  1}));
}

}  // namespace
}  // namespace skysense
