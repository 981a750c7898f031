#include "ingest/square_grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace skysense {
namespace {

using ::testing::Pair;
using ::testing::UnorderedElementsAre;

const std::string kUtm31 = "EPSG:32631";

TEST(SquareGrid, SharesAreThePartsThatARasterCovers) {
  const SquareGrid grid(wkt_from_text(kUtm31), 100);
  // 150 m x 120 m whose upper-left corner is (50, 220): a corner of three squares' width and two's height.
  const TargetGrid raster{wkt_from_text(kUtm31), {50, 10, 0, 220, 0, -10}, 15, 12};
  const auto near = [](double share) { return ::testing::DoubleNear(share, 1e-12); };
  EXPECT_THAT(grid.squares_under(raster),
              UnorderedElementsAre(Pair(SquareNumber{1, 0}, near(0.5)), Pair(SquareNumber{1, 1}, near(1)),
                                   Pair(SquareNumber{2, 0}, near(0.1)), Pair(SquareNumber{2, 1}, near(0.2))));
}

TEST(SquareGrid, SharesOfATurnedRasterSumToItsArea) {
  const SquareGrid grid(wkt_from_text(kUtm31), 64);
  const TargetGrid raster{wkt_from_text(kUtm31), {500000, 8, 6, 5600000, 6, -8}, 50, 30};
  double sum = 0;
  for (const auto& [square, share] : grid.squares_under(raster)) sum += share;
  EXPECT_NEAR(sum * 64 * 64, 50 * 30 * 100.0, 1e-6);
}

TEST(SquareGrid, SquaresCountFromTheOriginToTheSouthToo) {
  const SquareGrid grid(wkt_from_text(kUtm31), 640);
  EXPECT_EQ(grid.containing({500480, -1}), (SquareNumber{-1, 782}));
  EXPECT_EQ(grid.ground({8750, 782}), (PlaceGround{kUtm31, 500480, 5600000, 501120, 5600640}));
}

TEST(SquareGrid, DegreesAreCutInTheirUtmZone) {
  const std::string degrees = wkt_from_text("EPSG:4326");
  EXPECT_EQ(crs_name(cutting_crs({degrees, {2.7, 1e-4, 0, 42.4, 0, -1e-4}, 100, 100})), "EPSG:32631");
  EXPECT_EQ(crs_name(cutting_crs({degrees, {-70, 1e-4, 0, -33, 0, -1e-4}, 100, 100})), "EPSG:32719");
  EXPECT_EQ(crs_name(cutting_crs({wkt_from_text("EPSG:3857"), {300000, 1, 0, 5200000, 0, -1}, 10, 10})), kUtm31);
  EXPECT_EQ(crs_name(cutting_crs({wkt_from_text("EPSG:2154"), {650000, 1, 0, 6860000, 0, -1}, 10, 10})), "EPSG:2154");
  EXPECT_THROW(SquareGrid(degrees, 640), DataError);
}

}  // namespace
}  // namespace skysense
