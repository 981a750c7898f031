#include "pretrain/prototype_learning.h"

#include <gtest/gtest.h>

#include "testing/all_close.h"
#include "testing/fixture.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::Fixture;

// python/parity/prototypes.py, fp32, 1e-5.
TEST(PrototypesParity, TwoStepsEqualTheReference) {
  const Fixture fixture("prototypes");
  GeoPrototypes prototypes(fixture["start"]);
  PrototypeLearning learning(prototypes, 0);
  const auto observe = [&](int64_t micro) {
    std::vector<SourceMap> views;
    for (int64_t v = 0; v < 2; ++v) views.push_back({fixture["features"][micro][v], fixture["valid"][micro][v]});
    const auto row = fixture["regions"][micro];
    learning.observe({row.data_ptr<int64_t>(), row.data_ptr<int64_t>() + row.numel()}, views);
  };
  observe(0);
  observe(1);
  learning.update(0.99);
  EXPECT_TRUE(all_close(prototypes.values(), fixture["after.0"], 1e-5, 1e-6));
  observe(2);
  learning.update(0.99);
  EXPECT_TRUE(all_close(prototypes.values(), fixture["after.1"], 1e-5, 1e-6));
}

/// One view of places whose cells show one of two things.
SourceMap two_things(int64_t places) {
  torch::manual_seed(1);
  auto features = torch::zeros({places, 1, 4, 4, 8});
  features.narrow(3, 0, 2).select(-1, 0).fill_(5);
  features.narrow(3, 2, 2).select(-1, 1).fill_(5);
  return {features + torch::randn_like(features) * 0.01, torch::ones({places, 1, 4, 4}, torch::kBool)};
}

TEST(PrototypeLearning, AnUnknownRegionStartsWithTheMeansOfItsCells) {
  GeoPrototypes prototypes(4, 2, 8);
  PrototypeLearning learning(prototypes, 1);
  learning.observe({2, -1}, {two_things(2)});
  learning.update(0.99);
  for (const int64_t region : {0, 1, 3}) EXPECT_FALSE(prototypes.knows(region));
  ASSERT_TRUE(prototypes.knows(2));
  const auto mean = prototypes.values()[2].mean(0);
  EXPECT_NEAR(mean[0].item<double>(), 2.5, 0.1);  // both things, in equal shares
  EXPECT_NEAR(mean[1].item<double>(), 2.5, 0.1);
}

TEST(PrototypeLearning, PrototypesTellThingsApartInTime) {
  GeoPrototypes prototypes(1, 2, 8);
  PrototypeLearning learning(prototypes, 2);
  for (int step = 0; step < 50; ++step) {
    learning.observe({0}, {two_things(1)});
    learning.update(0.8);
  }
  const auto learnt = prototypes.values()[0];
  const auto likeness = (learnt[0] / learnt[0].norm() * (learnt[1] / learnt[1].norm())).sum();
  EXPECT_LT(likeness.item<double>(), 0.1);
}

TEST(PrototypeLearning, AStepLeftOutOrWithoutLocationsChangesNothing) {
  GeoPrototypes prototypes(2, 2, 8);
  PrototypeLearning learning(prototypes, 1);
  learning.observe({1}, {two_things(1)});
  learning.forget();
  learning.update(0.5);
  learning.observe({-1, -1}, {two_things(2)});
  learning.update(0.5);
  auto invalid = two_things(1);
  invalid.valid.fill_(false);
  learning.observe({0}, {invalid});
  learning.update(0.5);
  EXPECT_EQ(prototypes.values().abs().sum().item<double>(), 0);
}

TEST(PrototypeLearning, InvalidCellsChangeNothing) {
  const auto learn = [](const SourceMap& map) {
    GeoPrototypes prototypes(1, 2, 8);
    PrototypeLearning learning(prototypes, 3);
    learning.observe({0}, {map});
    learning.update(0.5);
    return prototypes.values().clone();
  };
  SourceMap map = two_things(1), changed = two_things(1);
  changed.features[0][0][0][0] += 100;
  EXPECT_FALSE(all_close(learn(map), learn(changed), 1e-2, 1e-2));
  map.valid[0][0][0][0] = changed.valid[0][0][0][0] = false;
  EXPECT_TRUE(all_close(learn(map), learn(changed), 1e-6, 1e-6));
}

}  // namespace
}  // namespace skysense
