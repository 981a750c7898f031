#include "pretrain/count_others.h"

#include <gtest/gtest.h>

#include "noise_places.h"
#include "pretrain/objective.h"

namespace skysense {
namespace {

int64_t parameters_of(const torch::nn::Module& module) {
  int64_t count = 0;
  for (const auto& parameter : module.parameters()) count += parameter.numel();
  return count;
}

TEST(CountOthers, EqualsWhatIsBuilt) {
  for (const double qsacl : {0.0, 1.0}) {
    auto options = testing::small_options(1);
    options.weights.qsacl = qsacl;
    options.model.mlp_ratio = 3;
    const PerModality<int64_t> channels{{3, 10, 2}};
    Learner learner(options.model, options.head, qsacl > 0 ? options.qsacl.queries : 0, channels);
    const Ranks alone;
    const Objective objective(options, torch::kCPU, torch::Tensor(), alone);
    const int64_t built =
        parameters_of(*learner) - parameters_of(*learner->model()) + objective.prototypes()->values().numel();
    EXPECT_EQ(total_parameters(count_others(options)), built);
  }
}

TEST(CountOthers, OfThePaperAreThoseOfTable9) {
  const auto others = count_others(pretrain_options("v2"));
  EXPECT_NEAR(static_cast<double>(others.at(0).parameters) / 1e6, 55.1, 0.2);
  EXPECT_NEAR(static_cast<double>(others.at(1).parameters) / 1e6, 16.8, 0.05);
  EXPECT_NEAR(static_cast<double>(others.at(2).parameters) / 1e6, 419.4, 0.05);
  EXPECT_NEAR(static_cast<double>(total_parameters(others)) / 490.49e6, 1, 0.005);
}

}  // namespace
}  // namespace skysense
