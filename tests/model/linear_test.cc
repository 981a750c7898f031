#include "model/linear.h"

#include "model/autocast.h"
#include "tests/model/reference.h"

namespace skysense {
namespace {

using testing::random_tensor;
using testing::relative_l2_within;

/// Value and gradients by both; `shape` of x, whose last size is 24.
void compare(at::IntArrayRef shape, bool with_bias) {
  const auto base = random_tensor(shape), wide = random_tensor({40, 48});
  const auto run = [&](auto&& apply) {
    const auto x = base.clone().requires_grad_(), all = wide.clone().requires_grad_();
    const auto bias = with_bias ? torch::full({40}, 0.5).requires_grad_() : torch::Tensor();
    const auto y = apply(x, all.narrow(1, 8, 24), bias);  // a view whose rows are apart
    (y * torch::arange(y.numel()).view(y.sizes()).cos()).sum().backward();
    std::vector<torch::Tensor> found = {y, x.grad(), all.grad()};
    if (with_bias) found.push_back(bias.grad());
    return found;
  };
  const auto ours = run([](const auto& x, const auto& w, const auto& b) { return apply_linear(x, w, b); });
  const auto theirs = run([](const auto& x, const auto& w, const auto& b) {
    return at::linear(x, w, b.defined() ? std::optional(b) : std::nullopt);
  });
  for (size_t i = 0; i < ours.size(); ++i) EXPECT_TRUE(relative_l2_within(ours[i], theirs[i], 1e-6)) << i;
}

TEST(Linear, HasTheValuesAndGradientsOfLibTorchs) {
  compare({9, 20, 24}, /*with_bias=*/true);
  compare({300, 24}, /*with_bias=*/false);
  compare({3, 24}, /*with_bias=*/true);  // few rows
}

TEST(Linear, FollowsAutocast) {
  const auto x = random_tensor({100, 24}), weight = random_tensor({8, 24});
  const AutocastScope autocast(at::kCPU, at::kBFloat16);
  EXPECT_EQ(apply_linear(x, weight).scalar_type(), at::kBFloat16);
}

}  // namespace
}  // namespace skysense
