#include "infer/cell_grid.h"

#include <gtest/gtest.h>

namespace skysense {
namespace {

Georeference north_up(double x, double y, double pixel) {
  return {wkt_from_text("EPSG:32631"), {x, pixel, 0, y, 0, -pixel}};
}

TEST(CellGrid, CellsBeginAtMultiplesFromTheOriginOfTheCrs) {
  // 0.25 m pixels, cells of 8 m; the corner lies 3 m right of and 1 m below a cell's corner.
  const CellGrid grid(north_up(800'003, 5'600'007, 0.25), 32);
  const CellWindow cells = grid.covering(PixelWindow{0, 0, 100, 40});
  EXPECT_EQ(cells, (CellWindow{-700'001, 100'000, 2, 4}));
  const Georeference out = grid.georeference(cells);
  EXPECT_EQ(out.transform, (std::array<double, 6>{800'000, 8, 0, 5'600'008, 0, -8}));
  EXPECT_EQ(grid.cell_side(), 8);
}

TEST(CellGrid, FilesCutOutOfOneRasterHaveItsCells) {
  // An awkward pixel and phase, as reprojected products have; the offsets are what gdal_translate -srcwin writes.
  const double pixel = 0.29858214173, x = 261'341.7732, y = 6'250'012.4147;
  const CellGrid whole(north_up(x, y, pixel), 32);
  const CellWindow reference = whole.covering(PixelWindow{0, 0, 5000, 4000});
  for (const int64_t dx : {1, 7, 31, 32, 1000}) {
    const CellGrid cut(north_up(x + static_cast<double>(dx) * pixel, y - 17 * pixel, pixel), 32);
    const CellWindow cells = cut.covering(PixelWindow{0, 0, 500, 400});
    EXPECT_EQ(cells.intersect(reference), cells);
    // The same cell lies at the same pixel of the larger raster.
    EXPECT_EQ(cut.pixels_of(cells).x + dx, whole.pixels_of(cells).x);
    EXPECT_EQ(cut.pixels_of(cells).y + 17, whole.pixels_of(cells).y);
  }
}

TEST(CellGrid, HalfPixelPhasesAreAsStableAsWholeOnes) {
  for (const double phase : {0.0, 0.5}) {
    for (const double noise : {-1e-7, 1e-7}) {
      const CellGrid exact(north_up(1000 + phase, 2000 + phase, 1), 4),
          noisy(north_up(1000 + phase + noise, 2000 + phase + noise, 1), 4);
      EXPECT_EQ(exact.covering(PixelWindow{0, 0, 10, 10}), noisy.covering(PixelWindow{0, 0, 10, 10}))
          << phase << " " << noise;
    }
  }
}

TEST(CellGrid, WithoutAGeoreferenceTheFirstPixelIsTheAnchor) {
  const CellGrid grid(Georeference{}, 32);
  EXPECT_EQ(grid.covering(PixelWindow{0, 0, 65, 32}), (CellWindow{0, 0, 1, 3}));
}

TEST(CellGrid, ABoxTakesTheCellsItReachesInto) {
  const CellGrid grid(north_up(0, 100, 1), 10);
  EXPECT_EQ(grid.covering(MapBox{10, 60, 30, 80}), (CellWindow{-8, 1, 2, 2}));
  EXPECT_EQ(grid.covering(MapBox{9, 60, 30, 81}), (CellWindow{-9, 0, 3, 3}));
  EXPECT_EQ(grid.cell_of({10.5, 60.5}), (CellWindow{-7, 1, 1, 1}));
}

TEST(CellGrid, RotatedRastersKeepTheirDirections) {
  Georeference rotated = north_up(0, 0, 1);
  rotated.transform = {100, 0.6, 0.8, 200, 0.8, -0.6};
  const CellGrid grid(rotated, 4);
  const CellWindow cells = grid.covering(PixelWindow{0, 0, 16, 16});
  const Georeference out = grid.georeference(cells);
  EXPECT_NEAR(out.transform[1], 2.4, 1e-12);
  EXPECT_NEAR(out.transform[2], 3.2, 1e-12);
  EXPECT_EQ(grid.cell_of(rotated.to_map({15.5, 15.5})).intersect(cells).cells(), 1);
}

}  // namespace
}  // namespace skysense
