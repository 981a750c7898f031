#include "model/presets.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/config.h"
#include "core/error.h"

namespace skysense {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Presets, StandInOrderOfSize) {
  std::vector<std::string> names;
  for (const Preset& preset : presets()) names.push_back(preset.name);
  EXPECT_THAT(names, ElementsAre("nano", "tiny", "small", "base", "v2-dense", "v2"));
}

TEST(Presets, V2IsThePapersModel) {
  const Preset& v2 = find_preset("v2");
  EXPECT_EQ(v2.model.dim, 352);
  EXPECT_EQ(v2.model.stage_dim(3), 2816);
  EXPECT_THAT(v2.model.depths, ElementsAre(2, 2, 18, 2));
  EXPECT_EQ(v2.model.fusion_layers, 24);
  EXPECT_EQ(v2.model.fusion_dim, 1024);
  EXPECT_EQ(v2.model.moe.experts, 8);
  EXPECT_EQ(v2.model.moe.top_k, 1);
  EXPECT_EQ(v2.prototypes.regions * v2.prototypes.prototypes * v2.model.fusion_dim, 419430400);
  EXPECT_EQ(v2.sample.global_crop_hr(), 512);
  EXPECT_EQ(v2.sample.local_crop_hr(), 256);
}

TEST(Presets, OnlyV2HasExperts) {
  for (const Preset& preset : presets()) EXPECT_EQ(preset.model.moe.experts > 0, preset.name == "v2") << preset.name;
}

TEST(Presets, ExpertsStandInTheBlocksOfThePapersTables) {
  ModelOptions v2 = find_preset("v2").model;
  EXPECT_THAT(v2.expert_blocks(), ElementsAre(18, 19, 20, 21, 22, 23));  // Table 16
  v2.moe.evenly = true;
  EXPECT_THAT(v2.expert_blocks(), ElementsAre(3, 7, 11, 15, 19, 23));
  v2.moe.evenly = false;
  v2.moe.count = 2;
  EXPECT_THAT(v2.expert_blocks(), ElementsAre(22, 23));  // Table 15
  v2.moe.blocks = {0, 5};
  EXPECT_THAT(v2.expert_blocks(), ElementsAre(0, 5));
  ModelOptions shallow{.depths = {1, 1, 1, 1}, .moe = {.experts = 2, .blocks = {}}};
  EXPECT_THAT(shallow.expert_blocks(), ElementsAre(0, 1, 2, 3));
}

TEST(Presets, NanoIsTheDefaultOfEveryOption) {
  ModelOptions defaults, nano = find_preset("nano").model;
  EXPECT_EQ(dump_yaml(fields_of(nano)), dump_yaml(fields_of(defaults)));
}

TEST(Presets, AnUnknownNameIsAnsweredWithTheNearest) {
  EXPECT_THAT([] { find_preset("smal"); },
              ThrowsMessage<UsageError>(AllOf(HasSubstr("'small'"), HasSubstr("v2-dense"))));
}

}  // namespace
}  // namespace skysense
