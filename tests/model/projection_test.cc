#include "model/projection.h"

#include "model/autocast.h"
#include "model/mlp.h"
#include "tests/model/reference.h"

namespace skysense {
namespace {

using testing::random_tensor;
using testing::relative_l2_within;

torch::Tensor run(Mlp& mlp, const torch::Tensor& x) {
  const c10::AutoGradMode no_gradient(false);
  return mlp->forward(x).tokens;
}

TEST(PrepareForInference, ChangesNamesAndResultsNot) {
  Mlp mlp(64, 256);
  testing::randomise(*mlp);
  const auto x = random_tensor({5, 7, 64});
  const auto names = mlp->named_parameters().keys();
  const auto exact = run(mlp, x);
  prepare_for_inference(*mlp, at::kFloat);
  EXPECT_TRUE(relative_l2_within(run(mlp, x), exact, 1e-5));
  EXPECT_EQ(mlp->named_parameters().keys(), names);
  prepare_for_inference(*mlp, at::kBFloat16);
  const AutocastScope autocast(at::kCPU, at::kBFloat16);
  EXPECT_TRUE(relative_l2_within(run(mlp, x), exact, 2e-2));
}

TEST(PrepareForInference, AChangedWeightIsUsed) {
  Mlp mlp(64, 256);
  testing::randomise(*mlp);
  prepare_for_inference(*mlp, at::kFloat);
  const auto x = random_tensor({3, 64});
  const auto before = run(mlp, x);
  {
    const c10::AutoGradMode no_gradient(false);
    mlp->named_parameters()["fc2.weight"].mul_(2);
    mlp->named_parameters()["fc2.bias"].mul_(2);
  }
  EXPECT_TRUE(relative_l2_within(run(mlp, x), 2 * before, 1e-5));
}

TEST(PrepareForInference, GradientsStillReachTheWeights) {
  Mlp mlp(64, 256);
  prepare_for_inference(*mlp, at::kFloat);
  mlp->forward(random_tensor({3, 64})).tokens.sum().backward();
  EXPECT_TRUE(mlp->named_parameters()["fc1.weight"].grad().defined());
}

}  // namespace
}  // namespace skysense
