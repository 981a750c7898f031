#include <gtest/gtest.h>

#include "noise_places.h"
#include "pretrain/objective.h"
#include "testing/as_ranks.h"

namespace skysense {
namespace {

using testing::as_ranks;
using testing::NoisePlaces;
using testing::small_options;

struct Measured {
  double loss;
  torch::Tensor gradients;  ///< of all parameters, flat; zeros where a parameter has none
};

/// What the options of a run change.
struct Variant {
  std::string name;
  void (*apply)(ContrastOptions& contrast);
};

/// Noise of a level of its own. Means of noise alone differ by little more than rounding, which fitted heads magnify,
/// and products of two places and of four are not rounded alike on every processor.
PlaceSample place_of(int64_t number) {
  PlaceSample place = NoisePlaces(100).get(number);
  for (const Modality modality : kModalities) {
    if (place.images[modality]) place.images[modality]->values *= 1 + number;
  }
  return place;
}

/// Large weights and small biases, so that features tell of the images.
void draw_parameters(torch::nn::Module& module) {
  const torch::NoGradGuard no_grad;
  int64_t number = 0;
  for (auto& parameter : module.named_parameters()) {
    const auto generator = at::make_generator<at::CPUGeneratorImpl>(static_cast<uint64_t>(number++));
    const double scale = parameter.key().ends_with("bias") ? 0.003 : 0.2;
    parameter.value().copy_(at::randn(parameter.value().sizes(), generator) * scale);
  }
}

/// The loss of some noise places and its gradients, as one rank finds them.
Measured measure(const std::vector<int64_t>& numbers, const Variant& variant, const Ranks& ranks) {
  PretrainOptions options = small_options(1);
  variant.apply(options.contrast);
  const NoisePlaces noise;
  std::vector<std::vector<View>> places;
  RowKeys keys;
  for (const int64_t number : numbers) {
    const auto key = static_cast<uint64_t>(number);
    places.push_back(make_views(place_of(number), noise.contracts(), options.views, options.augment, 1, 0, key));
    keys.push_back(key);
  }
  std::vector<ViewBatch> views;
  for (int64_t slot = 0; slot < options.views.views(); ++slot)
    views.push_back(collate(places, slot, noise.contracts(), options.views));
  const PerModality<int64_t> channels{{3, 10, 2}};
  Learner student(options.model, options.head, options.qsacl.queries, channels);
  draw_parameters(*student);
  student->eval();  // without drop path
  Objective objective(options, torch::kCPU, {}, ranks);
  if (options.contrast.fit_heads) objective.fit_heads(student, views);
  const torch::Tensor loss = objective.measure(student, student, views, 0.04, keys).total;
  loss.backward();
  std::vector<torch::Tensor> gradients;
  for (const torch::Tensor& parameter : student->parameters())
    gradients.push_back((parameter.grad().defined() ? parameter.grad() : torch::zeros_like(parameter)).flatten());
  return {.loss = loss.item<double>(), .gradients = at::cat(gradients).to(torch::kDouble)};
}

class RaggedRanks : public ::testing::TestWithParam<Variant> {};

TEST_P(RaggedRanks, FindTheLossAndTheGradientsOfOneWhateverImagesEachHas) {
  const std::vector<std::vector<int64_t>> places = {{2, 5}, {3, 7}};  // without SAR, and without HR
  const Measured whole = measure({2, 5, 3, 7}, GetParam(), alone());
  const auto shares = as_ranks(2, 29631, [&](const std::unique_ptr<Ranks>& ranks) {
    return measure(places[static_cast<size_t>(ranks->rank())], GetParam(), *ranks);
  });
  EXPECT_NEAR((shares[0].loss + shares[1].loss) / 2, whole.loss, 1e-5 * whole.loss);
  const auto averaged = (shares[0].gradients + shares[1].gradients) / 2;
  EXPECT_LE((averaged - whole.gradients).norm().item<double>(), 1e-5 * whole.gradients.norm().item<double>());
  // Each has gradients that the other lacks: the agreement is not one of equal halves.
  EXPECT_GT((shares[0].gradients - whole.gradients).norm().item<double>(), 0.1 * whole.gradients.norm().item<double>());
}

INSTANTIATE_TEST_SUITE_P(
    Options, RaggedRanks,
    ::testing::Values(Variant{"Centred", [](ContrastOptions&) {}},
                      Variant{"Balanced", [](ContrastOptions& contrast) { contrast.sinkhorn = true; }},
                      Variant{"KeptApart", [](ContrastOptions& contrast) { contrast.spread = 0.2; }},
                      Variant{"Fitted", [](ContrastOptions& contrast) { contrast.fit_heads = true; }}),
    [](const auto& set) { return set.param.name; });

}  // namespace
}  // namespace skysense
