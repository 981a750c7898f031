#include "model/patch_merging.h"

#include "testing/fixture.h"
#include "tests/model/reference.h"

namespace skysense {
namespace {

constexpr double kTolerance = 1e-5;  // float32, relative L2

void expect_equals_timm(const std::string& fixture_name, bool subsample) {
  const testing::Fixture fixture(fixture_name);
  PatchMerging merging(32);
  testing::load_weights(*merging, fixture.with_prefix("weights."));
  const auto input = fixture["input"].requires_grad_();
  const auto output = merging->forward(input, subsample);
  EXPECT_TRUE(testing::relative_l2_within(output, fixture["output"], kTolerance));
  (output * fixture["probe"]).sum().backward();
  EXPECT_TRUE(testing::relative_l2_within(input.grad(), fixture["input_gradient"], kTolerance));
  testing::expect_gradients(*merging, fixture.with_prefix("gradients."), kTolerance);
}

TEST(PatchMergingParity, EqualsTimmWhereItSubsamples) { expect_equals_timm("patch_merging_subsample", true); }
TEST(PatchMergingParity, EqualsTimmOnRepeatedTokensWhereItKeeps) { expect_equals_timm("patch_merging_keep", false); }

TEST(PatchMergingPlan, StrideDoublesWithEverySubsampling) {
  PatchMergingPlan plan;
  EXPECT_EQ(plan.stride(Modality::kHr, 0), 4);
  EXPECT_EQ(plan.stride(Modality::kHr, 3), 32);
  EXPECT_EQ(plan.stride(Modality::kMs, 3), 4);
  plan.subsample[Modality::kMs] = {false, true, false};
  EXPECT_EQ(plan.stride(Modality::kMs, 1), 4);
  EXPECT_EQ(plan.stride(Modality::kMs, 2), 8);
}

}  // namespace
}  // namespace skysense
