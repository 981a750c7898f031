#include "model/parameter_count.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

#include "model/presets.h"
#include "model/skysense_model.h"

namespace skysense {
namespace {

const PerModality<int64_t> kChannels{{3, 10, 2}};

/// Counted in the built model, row by row.
std::map<std::string, int64_t> built(const ModelOptions& options, const PerModality<int64_t>& channels) {
  std::map<std::string, int64_t> counts;
  const SkysenseModel model(options, channels);
  for (const auto& item : model->named_parameters()) counts[module_of(item.key())] += item.value().numel();
  return counts;
}

void expect_equal_to_the_built(const ModelOptions& options, const PerModality<int64_t>& channels = kChannels) {
  auto expected = built(options, channels);
  for (const ModuleCount& module : count_parameters(options, channels)) {
    EXPECT_EQ(module.parameters, expected[module.name]) << module.name;
    expected.erase(module.name);
  }
  EXPECT_THAT(expected, ::testing::IsEmpty());
}

TEST(ParameterCount, EqualsTheBuiltModelOfThePresets) {
  for (const char* name : {"nano", "tiny", "small"}) {
    SCOPED_TRACE(name);
    expect_equal_to_the_built(find_preset(name).model);
  }
}

TEST(ParameterCount, EqualsTheBuiltModelOfEveryKind) {
  ModelOptions experts;
  experts.moe = {.experts = 3, .top_k = 2, .blocks = {1, 4, 9}};
  expect_equal_to_the_built(experts);
  ModelOptions windowed;
  windowed.global_attention = false;
  windowed.moe.experts = 2;
  expect_equal_to_the_built(windowed);
  ModelOptions bare;
  bare.prompts = 0;
  expect_equal_to_the_built(bare, {{0, 4, 0}});
  ModelOptions separate;
  separate.separate_backbones = true;
  separate.moe.experts = 2;
  expect_equal_to_the_built(separate);
  expect_equal_to_the_built(separate, {{3, 0, 2}});
  ModelOptions plain_prompts;
  plain_prompts.prompt_projection = false;
  plain_prompts.mlp_ratio = 3;
  expect_equal_to_the_built(plain_prompts, {{4, 0, 1}});
}

TEST(ParameterCount, PartsAddUpToTheirModule) {
  for (const ModuleCount& module : count_parameters(find_preset("v2").model, kChannels)) {
    if (module.parts.empty()) continue;
    EXPECT_EQ(total_parameters(module.parts), module.parameters) << module.name;
    EXPECT_EQ(total_activated(module.parts), module.activated) << module.name;
  }
}

double millions(const ModelOptions& options, const std::string& name) {
  for (const ModuleCount& module : count_parameters(options, kChannels)) {
    if (module.name == name) return module.parameters / 1e6;
  }
  return 0;
}

TEST(ParameterCount, V2IsWithinThreePerMilleOfTableNine) {
  const ModelOptions v2 = find_preset("v2").model, dense = find_preset("v2-dense").model;
  EXPECT_NEAR(millions(v2, "tokenizers.hr"), 0.02, 0.005);
  EXPECT_NEAR(millions(v2, "tokenizers.ms"), 0.06, 0.005);
  EXPECT_NEAR(millions(v2, "tokenizers.sar"), 0.01, 0.005);
  EXPECT_NEAR(millions(v2, "backbone"), 1994.10, 1994.10 * 0.003);
  EXPECT_NEAR(millions(dense, "backbone"), 661.40, 661.40 * 0.003);
  EXPECT_NEAR(millions(v2, "prompts"), 9.94, 9.94 * 0.003);
  EXPECT_NEAR(millions(v2, "fusion"), 347.01, 347.01 * 0.003);
}

TEST(ParameterCount, ExpertsAreWithinOnePerMilleOfTableFourteen) {
  for (const auto& [experts, paper] : std::map<int64_t, double>{{4, 1232.61}, {8, 1994.10}, {16, 3517.08}}) {
    ModelOptions options = find_preset("v2").model;
    options.moe.experts = experts;
    EXPECT_NEAR(millions(options, "backbone"), paper, paper * 0.001) << experts;
  }
}

TEST(ParameterCount, ATokenOfV2MeetsTheDenseBackboneAndTheGates) {
  const auto v2 = count_parameters(find_preset("v2").model, kChannels);
  const auto dense = count_parameters(find_preset("v2-dense").model, kChannels);
  const int64_t gates = 8 * (4 * 1408 + 2 * 2816);
  EXPECT_EQ(total_activated(v2), total_parameters(dense) + gates);
}

}  // namespace
}  // namespace skysense
