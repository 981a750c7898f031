#include <ATen/ops/zeros_like.h>
#include <gtest/gtest.h>

#include "model/fusion.h"
#include "testing/all_close.h"
#include "testing/fixture.h"

namespace skysense {
namespace {

using testing::Fixture;
using testing::relative_l2_within;

constexpr double kValueTolerance = 2e-6, kGradientTolerance = 1e-5;  // relative L2, float32

/// The encoder with the reference's weights, run on the reference's input, forwards and backwards.
struct Comparison {
  explicit Comparison(const std::string& name, int64_t chunk = 512, bool checkpointing = false)
      : fixture(name),
        fusion(ModelOptions{.dim = 8,
                            .fusion_layers = 2,
                            .fusion_dim = 128,
                            .fusion_chunk = chunk,
                            .activation_checkpointing = checkpointing}) {
    const torch::NoGradGuard no_grad;
    auto weights = fixture.with_prefix("weights.");
    for (auto& item : fusion->named_parameters()) item.value().copy_(weights.at(item.key()));
    EXPECT_EQ(weights.size(), fusion->named_parameters().size());
    const auto grid = fixture["grid"];
    input.grid_height = grid[0].item<int64_t>();
    input.grid_width = grid[1].item<int64_t>();
    for (const Modality modality : kModalities) {
      auto tensors = fixture.with_prefix(std::string(modality_name(modality)) + ".");
      if (tensors.empty()) continue;
      input.series[modality] = FusionSeries{.features = tensors["features"].set_requires_grad(true),
                                            .valid = tensors["valid"],
                                            .day_of_year = tensors["day_of_year"],
                                            .present = tensors["present"]};
    }
    input.prototypes = fixture.with_prefix("prototypes")[""];
  }

  void compare() {
    const FusionOutput output = fusion->forward(input);
    EXPECT_TRUE(relative_l2_within(output.fused, fixture["fused"], kValueTolerance));
    auto loss = (output.fused * fixture["fused_gradient"]).sum();
    for (const Modality modality : kModalities) {
      const std::string name(modality_name(modality));
      ASSERT_EQ(output.aligned[modality].defined(), input.series[modality].has_value());
      if (!input.series[modality]) continue;
      EXPECT_TRUE(relative_l2_within(output.aligned[modality], fixture["aligned." + name], kValueTolerance)) << name;
      loss = loss + (output.aligned[modality] * fixture["aligned_gradient." + name]).sum();
    }
    loss.backward();
    for (const Modality modality : kModalities) {
      if (!input.series[modality]) continue;
      const std::string name(modality_name(modality));
      EXPECT_TRUE(relative_l2_within(input.series[modality]->features.grad(), fixture[name + ".features_gradient"],
                                     kGradientTolerance))
          << name;
    }
    const auto gradients = fixture.with_prefix("gradients.");
    for (const auto& item : fusion->named_parameters()) {
      const auto expected = gradients.find(item.key());
      if (expected == gradients.end()) {
        EXPECT_FALSE(item.value().grad().defined()) << item.key();
        continue;
      }
      const auto gradient = item.value().grad().defined() ? item.value().grad() : at::zeros_like(item.value());
      EXPECT_TRUE(relative_l2_within(gradient, expected->second, kGradientTolerance)) << item.key();
    }
  }

  Fixture fixture;
  Fusion fusion;
  FusionInput input;
};

TEST(FusionParity, AllModalitiesWithHolesEqualTheReference) { Comparison("fusion_all").compare(); }

TEST(FusionParity, ChunksThatCutPlacesEqualTheReference) { Comparison("fusion_all", 17).compare(); }

TEST(FusionParity, RecomputedActivationsEqualTheReference) { Comparison("fusion_all", 100, true).compare(); }

TEST(FusionParity, OneUndatedModalityWithoutPrototypesEqualsTheReference) { Comparison("fusion_one").compare(); }

}  // namespace
}  // namespace skysense
