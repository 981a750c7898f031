#include "model/swin_block.h"

#include "testing/fixture.h"
#include "tests/model/reference.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::random_tensor;
using testing::randomise;
using testing::relative_l2_within;

constexpr double kTolerance = 1e-5;  // float32, relative L2

void expect_equals_timm(const std::string& fixture_name, int64_t shift) {
  const testing::Fixture fixture(fixture_name);
  SwinBlock block(SwinBlockOptions{.dim = 64, .heads = 2, .window = 8, .shift = shift});
  testing::load_weights(*block, fixture.with_prefix("weights."));
  const auto input = fixture["input"].requires_grad_();
  const auto output = block->forward(input).tokens;
  EXPECT_TRUE(relative_l2_within(output, fixture["output"], kTolerance));
  (output * fixture["probe"]).sum().backward();
  EXPECT_TRUE(relative_l2_within(input.grad(), fixture["input_gradient"], kTolerance));
  testing::expect_gradients(*block, fixture.with_prefix("gradients."), 5 * kTolerance);
}

TEST(SwinBlockParity, EqualsTimm) { expect_equals_timm("swin_block", 0); }
TEST(SwinBlockParity, EqualsTimmWithShift) { expect_equals_timm("swin_block_shifted", 4); }

SwinBlock make_block(int64_t window, int64_t shift) {
  SwinBlock block(SwinBlockOptions{.dim = 32, .heads = 4, .window = window, .shift = shift});
  randomise(*block);
  block->eval();
  return block;
}

torch::Tensor run(SwinBlock& block, const torch::Tensor& grid) {
  const c10::AutoGradMode no_gradient(false);
  return block->forward(grid).tokens;
}

TEST(SwinBlock, ShiftDoesNotJoinOppositeEdges) {
  auto block = make_block(4, 2);
  const auto grid = random_tensor({1, 8, 12, 32});
  auto changed = grid.clone();
  changed.select(1, 0) += 1;  // the top row
  EXPECT_TRUE(all_close(run(block, changed).select(1, 7), run(block, grid).select(1, 7), 0, 0));
  changed = grid.clone();
  changed.select(2, 11) += 1;  // the right column
  EXPECT_TRUE(all_close(run(block, changed).select(2, 0), run(block, grid).select(2, 0), 0, 0));
}

TEST(SwinBlock, ShiftJoinsNeighbouringWindows) {
  const auto grid = random_tensor({1, 8, 8, 32});
  auto changed = grid.clone();
  changed.select(1, 3) += 1;
  auto plain = make_block(4, 0), shifted = make_block(4, 2);
  EXPECT_TRUE(all_close(run(plain, changed).select(1, 4), run(plain, grid).select(1, 4), 0, 0));
  EXPECT_FALSE(all_close(run(shifted, changed).select(1, 4), run(shifted, grid).select(1, 4)));
}

TEST(SwinBlock, PaddingIsNeverAttendedTo) {
  // A token at the grid's lower right corner sits in a window of which a part is padding. With the shift, its region of
  // the window is rows and columns 6 to 8: the same attention within a grid that is that region alone.
  auto shifted = make_block(4, 2), whole = make_block(4, 0);
  const auto grid = random_tensor({2, 9, 9, 32});
  const auto corner = grid.slice(1, 6).slice(2, 6).contiguous();
  EXPECT_TRUE(all_close(run(shifted, grid).slice(1, 6).slice(2, 6), run(whole, corner)));
}

TEST(SwinBlock, SmallGridEqualsOneWindowOfALargerOne) {
  // Grids below one window use the same offsets as a full window: a 3x2 grid gives what the 3x2 leftover of a padded
  // 7x6 grid gives.
  auto block = make_block(4, 0);
  const auto grid = random_tensor({1, 7, 6, 32});
  const auto rest = grid.slice(1, 4).slice(2, 4).contiguous();
  EXPECT_TRUE(all_close(run(block, grid).slice(1, 4).slice(2, 4), run(block, rest)));
}

TEST(SwinBlock, GridOfOneWindowIsNotShifted) {
  auto plain = make_block(4, 0), shifted = make_block(4, 2);
  for (const auto& [height, width] : {std::pair{4, 4}, {3, 4}, {1, 1}}) {
    const auto grid = random_tensor({1, height, width, 32});
    EXPECT_TRUE(all_close(run(shifted, grid), run(plain, grid), 0, 0));
  }
}

TEST(SwinBlock, StartsAsTheIdentity) {
  SwinBlock block(SwinBlockOptions{.dim = 32, .heads = 1});
  block->start_as_identity();
  const auto grid = random_tensor({1, 8, 8, 32});
  EXPECT_TRUE(all_close(run(block, grid), grid, 0, 0));
}

TEST(SwinBlock, RefusesSizesThatCannotBe) {
  EXPECT_THROW(SwinBlock(SwinBlockOptions{.dim = 32, .heads = 5}), c10::ValueError);
  EXPECT_THROW(SwinBlock(SwinBlockOptions{.dim = 32, .heads = 1, .window = 8, .shift = 8}), c10::ValueError);
}

TEST(PositionBias, FollowsAChangedWeightInEvaluation) {
  auto block = make_block(4, 0);
  const auto grid = random_tensor({1, 4, 4, 32});
  const auto before = run(block, grid);
  {
    const c10::AutoGradMode no_gradient(false);
    for (auto& item : block->named_parameters()) {
      if (item.key() == "attn.cpb_mlp.2.weight") item.value().mul_(-2);
    }
  }
  EXPECT_FALSE(all_close(run(block, grid), before));
}

}  // namespace
}  // namespace skysense
