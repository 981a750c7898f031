#include "plan/memory_estimate.h"

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include "core/config.h"
#include "tests/plan/measured_step.h"

namespace skysense {
namespace {

const PerModality<int64_t> kChannels{{3, 10, 2}};

PretrainOptions nano(const std::vector<std::string>& assignments, int64_t places = 4) {
  PretrainOptions options = pretrain_options("nano");
  options.train.batch_size = places;
  auto fields = fields_of(options);
  for (const std::string& assignment : assignments) apply_assignment(fields, assignment);
  return options;
}

double estimate(const PretrainOptions& options) { return estimate_step_memory(options, kChannels, {}).total(); }

double part(const std::vector<NamedBytes>& parts, const std::string& name) {
  for (const NamedBytes& item : parts) {
    if (item.name == name) return item.bytes;
  }
  ADD_FAILURE() << "no part " << name;
  return 0;
}

class MemoryOfAStep : public ::testing::TestWithParam<std::vector<std::string>> {};

// The estimate's own error, without what the process and the allocator add: a tenth.
TEST_P(MemoryOfAStep, IsWithinATenthOfLibTorchsTensors) {
  const PretrainOptions options = nano(GetParam());
  const auto measured = static_cast<double>(testing::measured_step_bytes(options));
  EXPECT_NEAR(estimate(options) / measured, 1, 0.1) << measured / (1 << 20) << " MiB measured";
}

INSTANTIATE_TEST_SUITE_P(
    Settings, MemoryOfAStep,
    ::testing::Values(std::vector<std::string>{}, std::vector<std::string>{"dtype=bfloat16"},
                      std::vector<std::string>{"model.activation_checkpointing=true", "model.fusion_chunk=64"},
                      std::vector<std::string>{"model.moe.experts=4", "model.moe.top_k=2"},
                      std::vector<std::string>{"weights.qsacl=0", "contrast.object_level=false", "train.accumulate=2"},
                      std::vector<std::string>{"views.hr_per_cell=16", "head.outputs=8192", "views.local_views=2"}));

TEST(MemoryEstimate, GrowsWithThePlacesAndNotWithTheAccumulatedOnes) {
  const double two = estimate_step_memory(nano({}, 2), kChannels, {}).kept_activations,
               four = estimate_step_memory(nano({}, 4), kChannels, {}).kept_activations,
               twice = estimate_step_memory(nano({"train.accumulate=2"}, 4), kChannels, {}).kept_activations;
  EXPECT_NEAR(four, 2 * two, 0.05 * four);  // the heads' last weights are kept once
  EXPECT_EQ(twice, two);
}

TEST(MemoryEstimate, RanksShareTheOptimiserAlone) {
  const PretrainOptions options = nano({}, 8);
  const auto one = estimate_step_memory(options, kChannels, {}),
             four = estimate_step_memory(options, kChannels, {.ranks = 4});
  EXPECT_EQ(part(four.held, "optimizer"), part(one.held, "optimizer") / 4);
  EXPECT_EQ(part(four.held, "student"), part(one.held, "student"));
  EXPECT_LT(four.kept_activations, one.kept_activations / 3);
}

TEST(MemoryEstimate, PrototypesStayOnTheHostOfAGpu) {
  PretrainOptions options = pretrain_options("v2");
  options.train.batch_size = 1;
  const auto estimate = estimate_step_memory(options, kChannels, {.gpu = true});
  EXPECT_EQ(estimate.host, 4096.0 * 100 * 1024 * 4);
}

TEST(StepShape, PairsOfCellsAreThoseOfTheViews) {
  // Two views of the same ground without zoom: every cell has one partner.
  const PretrainOptions options =
      nano({"views.local_views=0", "views.min_overlap=1", "views.zoom_chance=0", "weights.qsacl=0"});
  const StepShape shape = step_shape(options, kChannels, 1);
  EXPECT_EQ(shape.pixel.pairs, 2 * 16);
  EXPECT_EQ(shape.pixel.cells, 2 * 16);
  // Locals lie within one of the globals and are compared with both where these overlap.
  const StepShape usual = step_shape(nano({}), kChannels, 1);
  EXPECT_GT(usual.pixel.pairs, usual.pixel.cells);
  EXPECT_LT(usual.pixel.cells, 2 * 16 + 6 * 4);
}

}  // namespace
}  // namespace skysense
