#include "model/cost.h"

#include <ATen/ops/randn.h>
#include <gtest/gtest.h>

#include "model/skysense_model.h"
#include "testing/allocation_meter.h"

namespace skysense {
namespace {

const PerModality<int64_t> kChannels{{3, 10, 2}};

CostInput place(int64_t hr_side, int64_t ms_side, int64_t ms_dates, int64_t sar_dates) {
  return {.images = {{{{hr_side, hr_side, 3, 1}, {ms_side, ms_side, 10, ms_dates}, {ms_side, ms_side, 2, sar_dates}}}}};
}

int64_t part(const std::vector<PartCost>& parts, const std::string& name) {
  for (const PartCost& item : parts) {
    if (item.name == name) return item.amount;
  }
  return 0;
}

TEST(Cost, APretrainingSampleOfV2IsThatOfAppendixC) {
  // DESIGN 3: 97% of the paper's 8109.52 G.
  EXPECT_NEAR(count_pretraining_sample(find_preset("v2"), true) / 1e9, 7883, 7883 * 0.002);
  EXPECT_LT(count_pretraining_sample(find_preset("v2"), false), count_pretraining_sample(find_preset("v2"), true));
}

TEST(Cost, DatesMultiplyTheBackboneAndLengthenTheSequences) {
  const ModelOptions options = find_preset("small").model;
  const auto one = count_multiply_adds(options, place(0, 16, 1, 1)),
             four = count_multiply_adds(options, place(0, 16, 4, 1));
  EXPECT_EQ(part(four, "backbone.ms"), 4 * part(one, "backbone.ms"));
  EXPECT_EQ(part(four, "backbone.sar"), part(one, "backbone.sar"));
  EXPECT_GT(part(four, "fusion.encoder"), 1.5 * part(one, "fusion.encoder"));
  EXPECT_EQ(part(one, "backbone.hr"), 0);
}

TEST(Cost, ExpertsCostTheirGateAndTopK) {
  ModelOptions options = find_preset("small").model;
  const CostInput input = place(128, 0, 1, 1);
  const int64_t dense = total_of(count_multiply_adds(options, input));
  options.moe = {.experts = 8, .top_k = 1, .blocks = {}};
  const int64_t one = total_of(count_multiply_adds(options, input));
  options.moe.top_k = 2;
  const int64_t two = total_of(count_multiply_adds(options, input));
  EXPECT_LT(dense, one);
  EXPECT_NEAR(one, dense, 0.01 * dense);
  EXPECT_GT(two, 1.05 * one);
}

/// Bytes at the peak of one place's inference, one image after the other.
int64_t measured_bytes(const ModelOptions& options, const CostInput& input) {
  const torch::NoGradGuard no_grad;
  SkysenseModel model(options, kChannels);
  model->eval();
  const auto run = [&] {
    FusionInput fusion;
    for (const Modality modality : kModalities) {
      const ImageSizes& image = input.images[modality];
      if (image.height == 0) continue;
      std::vector<torch::Tensor> features;
      for (int64_t date = 0; date < image.dates; ++date) {
        const auto pixels = at::randn({1, image.channels, image.height, image.width});
        features.push_back(model->encode(modality, pixels).stages[3]);
      }
      fusion.series[modality] = FusionSeries{.features = at::stack(features, 1)};
      const int64_t cell = modality == Modality::kHr ? 32 : 1;
      if (fusion.grid_height == 0) fusion.grid_height = fusion.grid_width = image.height / cell;
    }
    return model->fuse(fusion);
  };
  run();  // what the model remembers from call to call is no cost of the place
  return testing::peak_allocation([&] { run(); });
}

TEST(Cost, ActivationBytesAreEstimatedWithinAFactorOfTwo) {
  const ModelOptions options = find_preset("nano").model;
  for (const CostInput& input : {place(256, 0, 0, 0), place(256, 16, 4, 2), place(0, 16, 12, 6)}) {
    const double estimate = estimate_activation_bytes(options, input, sizeof(float));
    const double measured = measured_bytes(options, input);
    EXPECT_GT(estimate, measured / 2);
    EXPECT_LT(estimate, measured * 2);
  }
}

}  // namespace
}  // namespace skysense
