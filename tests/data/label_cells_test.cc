#include "data/label_cells.h"

#include <gtest/gtest.h>

#include "data/view_batch.h"
#include "ground_place.h"

namespace skysense {
namespace {

using ::skysense::testing::ground_place;
using ::skysense::testing::plain_contracts;

const std::pair<double, double> kGround = {8, 8};  // cells of the place

torch::Tensor quarters() {
  // Upper half 0 | 1, lower half 2 | unlabelled; 4 pixels a cell.
  auto label = torch::zeros({32, 32}, torch::kInt64);
  label.slice(0, 0, 16).slice(1, 16).fill_(1);
  label.slice(0, 16).slice(1, 0, 16).fill_(2);
  label.slice(0, 16).slice(1, 16).fill_(-1);
  return label;
}

TEST(LabelCells, HoldTheMostFrequentClass) {
  auto label = quarters();
  label.slice(0, 0, 3).slice(1, 0, 3).fill_(1);  // 9 of a cell's 16 pixels
  label.slice(0, 0, 2).slice(1, 4, 8).fill_(3);  // half of the next: a tie, which the smaller number wins
  const auto cells = label_cells(label, kGround, {0, 0, 8, 8}, 0, 8);
  EXPECT_EQ(cells[0][0].item<int64_t>(), 1);
  EXPECT_EQ(cells[0][1].item<int64_t>(), 0);
  EXPECT_EQ(cells[7][0].item<int64_t>(), 2);
  EXPECT_EQ(cells[7][7].item<int64_t>(), -1);
}

TEST(LabelCells, LieWhereTheViewLies) {
  const auto cells = label_cells(quarters(), kGround, {2, 2, 4, 4}, 0, 2);
  EXPECT_TRUE(torch::equal(cells, torch::tensor({0, 1, 2, -1}, torch::kInt64).view({2, 2})));
}

TEST(LabelCells, MoveWithTheView) {
  const auto still = label_cells(quarters(), kGround, {2, 2, 4, 4}, 0, 2);
  EXPECT_TRUE(torch::equal(label_cells(quarters(), kGround, {2, 2, 4, 4}, 4, 2), still.flip(-1)));
  EXPECT_TRUE(torch::equal(label_cells(quarters(), kGround, {2, 2, 4, 4}, 1, 2), still.rot90(1, {-2, -1})));
}

TEST(LabelCells, SmallerThanAPixelShowThePixelUnderThem) {
  const auto label = torch::arange(4, torch::kInt64).view({2, 2});
  const auto cells = label_cells(label, kGround, {3, 3, 2, 2}, 0, 8);
  EXPECT_TRUE(torch::equal(cells, label.repeat_interleave(4, 0).repeat_interleave(4, 1)));
}

TEST(LabelCells, ComeWithGlobalViewsWhereTheyAreAskedFor) {
  PlaceSample place = ground_place(40, 8, 2, 1);
  place.label = torch::full({40, 40}, 5, torch::kInt64);
  ViewOptions options;
  const auto views_of = [&](const PlaceSample& sample) {
    return make_views(sample, plain_contracts(), options, {}, 1, 0, 0);
  };
  EXPECT_FALSE(views_of(place)[0].label_cells.defined());
  options.label_cells = 2;
  const auto labelled = views_of(place);
  EXPECT_TRUE(torch::equal(labelled[0].label_cells, torch::full({2, 2}, 5, torch::kInt64)));
  EXPECT_FALSE(labelled.back().label_cells.defined());
  place.label = torch::Tensor();
  const ViewBatch batch = collate({labelled, views_of(place)}, 0, plain_contracts(), options);
  EXPECT_TRUE(torch::equal(batch.label_cells[0], labelled[0].label_cells));
  EXPECT_TRUE(batch.label_cells[1].eq(-1).all().item<bool>());
}

}  // namespace
}  // namespace skysense
