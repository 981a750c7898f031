#include "model/transformer_block.h"

#include "testing/fixture.h"
#include "tests/model/reference.h"

namespace skysense {
namespace {

constexpr double kTolerance = 1e-5;  // float32, relative L2

TEST(TransformerBlockParity, EqualsTorchTransformerEncoderLayer) {
  const testing::Fixture fixture("transformer_block");
  TransformerBlock block(TransformerBlockOptions{.dim = 128, .heads = 4});
  testing::load_weights(*block, fixture.with_prefix("weights."));
  const auto input = fixture["input"].requires_grad_();
  const auto output = block->forward(input).tokens;
  EXPECT_TRUE(testing::relative_l2_within(output, fixture["output"], kTolerance));
  (output * fixture["probe"]).sum().backward();
  EXPECT_TRUE(testing::relative_l2_within(input.grad(), fixture["input_gradient"], kTolerance));
  testing::expect_gradients(*block, fixture.with_prefix("gradients."), 5 * kTolerance);
}

TEST(TransformerBlock, TheOrderOfTokensOnlyOrdersTheResult) {
  TransformerBlock block(TransformerBlockOptions{.dim = 32, .heads = 2});
  testing::randomise(*block);
  const auto sequence = testing::random_tensor({2, 9, 32});
  EXPECT_TRUE(
      testing::all_close(block->forward(sequence.flip(1)).tokens.flip(1), block->forward(sequence).tokens, 1e-5, 1e-5));
}

}  // namespace
}  // namespace skysense
