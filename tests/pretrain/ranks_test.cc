#include <gtest/gtest.h>

#include "noise_places.h"
#include "pretrain/objective.h"
#include "testing/as_ranks.h"

namespace skysense {
namespace {

using testing::as_ranks;
using testing::NoisePlaces;
using testing::small_options;

/// The loss of some noise places with balanced targets, as one rank finds it.
double loss_of(const std::vector<int64_t>& numbers, const Ranks& ranks) {
  PretrainOptions options = small_options(1);
  options.contrast.sinkhorn = true;
  const NoisePlaces noise;
  std::vector<std::vector<View>> places;
  RowKeys keys;
  for (const int64_t number : numbers) {
    const auto key = static_cast<uint64_t>(number);
    places.push_back(make_views(noise.get(number), noise.contracts(), options.views, options.augment, 1, 0, key));
    keys.push_back(key);
  }
  std::vector<ViewBatch> views;
  for (int64_t slot = 0; slot < options.views.views(); ++slot)
    views.push_back(collate(places, slot, noise.contracts(), options.views));
  const PerModality<int64_t> channels{{3, 10, 2}};
  Learner student(options.model, options.head, options.qsacl.queries, channels);
  const torch::NoGradGuard no_grad;
  int64_t number = 0;
  for (torch::Tensor& parameter : student->parameters()) {
    const auto generator = at::make_generator<at::CPUGeneratorImpl>(static_cast<uint64_t>(number++));
    parameter.copy_(at::randn(parameter.sizes(), generator) * 0.1);
  }
  student->eval();  // without drop path
  Objective objective(options, torch::kCPU, {}, ranks);
  return objective.measure(student, student, views, 0.04, keys).total.item<double>();
}

TEST(Ranks, BalancedTargetsAreThoseOfAllRanksWhateverImagesEachHas) {
  const std::vector<int64_t> places = {2, 3};  // without SAR, and without HR
  const double alone_with_both = loss_of(places, alone());
  const auto shares = as_ranks(2, 29631, [&](const std::unique_ptr<Ranks>& ranks) {
    return loss_of({places[static_cast<size_t>(ranks->rank())]}, *ranks);
  });
  EXPECT_NEAR((shares[0] + shares[1]) / 2, alone_with_both, 1e-4 * alone_with_both);
}

}  // namespace
}  // namespace skysense
