#include "data/correspondence.h"

#include <gtest/gtest.h>

#include "data/dihedral.h"
#include "testing/all_close.h"

namespace skysense {
namespace {

using ::skysense::testing::all_close;

TEST(Dihedral, MovesPointsWhereItMovesPixels) {
  constexpr int64_t kSide = 6;
  for (int64_t code = 0; code < kDihedralCodes; ++code) {
    auto image = torch::zeros({kSide, kSide});
    image[1][4] = 1;  // centre at x = 4.5 / 6, y = 1.5 / 6
    const auto moved = apply_dihedral(image, code);
    const auto point = move_points(torch::tensor({4.5 / kSide, 1.5 / kSide}, torch::kFloat64), code) * kSide;
    EXPECT_EQ(moved[static_cast<int64_t>(point[1].item<double>())][static_cast<int64_t>(point[0].item<double>())]
                  .item<float>(),
              1)
        << code;
  }
}

TEST(Dihedral, HasEightDifferentMovesWithInverses) {
  const auto image = torch::arange(9).view({3, 3});
  const auto points = torch::rand({5, 2}, torch::kFloat64);
  for (int64_t a = 0; a < kDihedralCodes; ++a) {
    EXPECT_TRUE(all_close(move_points_back(move_points(points, a), a), points));
    for (int64_t b = 0; b < a; ++b) EXPECT_FALSE(torch::equal(apply_dihedral(image, a), apply_dihedral(image, b)));
  }
  EXPECT_THROW(apply_dihedral(image, 8), c10::ValueError);
}

TEST(Dihedral, MovesABatchAsItMovesEach) {
  const auto codes = torch::arange(kDihedralCodes, torch::kInt64);
  const auto points = torch::rand({kDihedralCodes, 5, 2}, torch::kFloat64);
  const auto moved = move_points(points, codes), back = move_points_back(points, codes);
  for (int64_t code = 0; code < kDihedralCodes; ++code) {
    EXPECT_TRUE(torch::equal(moved[code], move_points(points[code], code))) << code;
    EXPECT_TRUE(torch::equal(back[code], move_points_back(points[code], code))) << code;
  }
}

TEST(Correspondence, AMapOfItsOwnCoordinatesGivesTheGroundBack) {
  const auto boxes = torch::tensor({3.0, 5.0, 8.0, 8.0, 6.5, 4.25, 10.0, 10.0}, torch::kFloat64).view({2, 4});
  for (int64_t code = 0; code < kDihedralCodes; ++code) {
    const auto transforms = torch::tensor({code, (code + 3) % 8}, torch::kInt64);
    const auto map = cell_ground_points(boxes, transforms, 16, 16).to(torch::kFloat32);
    // Points of the other view of the pair, turned in yet another way.
    const auto points = cell_ground_points(boxes.flip(0), (transforms + 1) % 8, 8, 8);
    const auto sampled = sample_at(map, boxes, transforms, points);
    ASSERT_EQ(sampled.values.sizes(), torch::IntArrayRef({2, 8, 8, 2}));
    ASSERT_EQ(sampled.inside.sizes(), torch::IntArrayRef({2, 8, 8}));
    const auto x = points.select(-1, 0), y = points.select(-1, 1);
    for (int64_t b = 0; b < 2; ++b) {
      const auto box = boxes[b];
      const auto expected = x[b].ge(box[0]) & x[b].le(box[0] + box[2]) & y[b].ge(box[1]) & y[b].le(box[1] + box[3]);
      EXPECT_TRUE(torch::equal(sampled.inside[b], expected));
      EXPECT_TRUE(expected.any().item<bool>());
      EXPECT_FALSE(expected.all().item<bool>());
      // Between cell centres interpolation is exact for a linear map; the outer half cell repeats its neighbour.
      const auto centres = expected & x[b].ge(box[0] + box[2] / 32) & x[b].le(box[0] + box[2] * 31 / 32) &
                           y[b].ge(box[1] + box[3] / 32) & y[b].le(box[1] + box[3] * 31 / 32);
      EXPECT_TRUE(
          all_close(sampled.values[b].index({centres}), points[b].index({centres}).to(torch::kFloat32), 1e-5, 1e-4));
    }
  }
}

TEST(Correspondence, SamplingIsDifferentiableInTheMap) {
  const auto map = torch::rand({1, 4, 4, 3}, torch::requires_grad());
  const auto box = torch::tensor({0.0, 0.0, 4.0, 4.0}, torch::kFloat64).view({1, 4});
  const auto transforms = torch::zeros({1}, torch::kInt64);
  const auto points = cell_ground_points(box, transforms, 4, 4);
  sample_at(map, box, transforms, points).values.sum().backward();
  EXPECT_TRUE(all_close(map.grad(), torch::ones({1, 4, 4, 3})));
}

}  // namespace
}  // namespace skysense
