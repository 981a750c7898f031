#include "finetune/layer_decay.h"

#include <gtest/gtest.h>

#include "model/skysense_model.h"
#include "testing/fixture.h"

namespace skysense {
namespace {

TEST(LayerDecayParity, ScalesEqualBeitsRuleOverAStagedBackbone) {
  const testing::Fixture fixture("finetuning_layer_scales");
  const ModelOptions sizes{.depths = {2, 2, 4, 2}};
  NamedTensors parameters;
  for (const auto& [name, scale] : fixture.with_prefix("")) parameters[name] = scale;
  ASSERT_GT(parameters.size(), 30u);
  const auto scales = layer_lr_scales(parameters, sizes, 0.8);
  for (const auto& [name, expected] : parameters) EXPECT_NEAR(scales.at(name), expected.item<double>(), 1e-12) << name;
}

TEST(LayerDecay, EveryParameterOfABlockHasTheBlocksLayer) {
  ModelOptions sizes{.depths = {1, 1, 2, 1}};
  sizes.moe = {.experts = 2, .blocks = {4}};
  const SkysenseModel model(sizes, PerModality<int64_t>{{3, 10, 0}});
  std::map<int64_t, int64_t> found;
  for (const auto& [name, value] : named_parameters(*model, "model.")) ++found[layer_of(name, sizes)];
  std::vector<int64_t> layers;
  for (const auto& [layer, count] : found) layers.push_back(layer);
  EXPECT_EQ(layers, (std::vector<int64_t>{0, 1, 2, 3, 4, 5, 6}));
  EXPECT_EQ(layer_of("model.backbone.stages.3.blocks.0.mlp.experts.1.fc1.weight", sizes), 5);
}

TEST(LayerDecay, WithoutDecayAllRatesAreAlike) {
  for (const auto& [name, scale] :
       layer_lr_scales({{"model.tokenizers.hr.proj.weight", {}}, {"head.classifier.weight", {}}}, {}, 1)) {
    EXPECT_EQ(scale, 1) << name;
  }
}

}  // namespace
}  // namespace skysense
