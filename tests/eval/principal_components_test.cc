#include "eval/principal_components.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>
#include <torch/torch.h>

#include "testing/all_close.h"

namespace skysense {
namespace {

using testing::all_close;

TEST(PrincipalComponents, AreThoseOfTheSingularValueDecomposition) {
  torch::manual_seed(1);
  const auto features = torch::randn({9000, 7}) * torch::tensor({5., 4., 3., 2., 1., .5, .1}) + 3;
  const auto found = principal_components(features, 4);
  ASSERT_EQ(found.sizes(), (std::vector<int64_t>{9000, 4}));
  const auto centred = features.to(torch::kFloat64) - features.to(torch::kFloat64).mean(0);
  const auto [u, s, v] = torch::linalg_svd(centred, false);
  const auto expected = (u * s).narrow(1, 0, 4);
  const auto signs = torch::sign((expected * found).sum(0));
  EXPECT_TRUE(all_close(found, expected * signs, 1e-8));
}

TEST(PrincipalComponents, KeepAllDistancesWhereNoneIsDropped) {
  const auto features = torch::randn({20, 3}, torch::kFloat64);
  const auto found = principal_components(features, 50);
  ASSERT_EQ(found.size(1), 3);
  EXPECT_TRUE(all_close(torch::cdist(found, found), torch::cdist(features, features), 1e-6));
}

TEST(PrincipalComponents, DoNotDependOnTheNumberOfThreadsAndRefuseNaN) {
  const int before = at::get_num_threads();
  const auto features = torch::randn({3000, 64});
  at::set_num_threads(1);
  const auto one = principal_components(features, 10);
  at::set_num_threads(4);
  EXPECT_TRUE(torch::equal(one, principal_components(features, 10)));
  EXPECT_EQ(at::get_num_threads(), 4) << "the setting is given back";
  at::set_num_threads(before);
  EXPECT_THROW(principal_components(features[0].unsqueeze(0), 2), c10::ValueError);
  EXPECT_THROW(principal_components(torch::full({3, 2}, NAN), 2), c10::ValueError);
}

}  // namespace
}  // namespace skysense
