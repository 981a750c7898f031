#include "eval/knn.h"

#include <ATen/CPUGeneratorImpl.h>
#include <gtest/gtest.h>

#include "testing/all_close.h"
#include "testing/fixture.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::Fixture;

torch::Tensor classes_of(std::vector<int64_t> values) { return torch::tensor(values, torch::kInt64); }

torch::Tensor predict(const Fixture& fixture, const KnnOptions& options) {
  return knn_predict(fixture["train_features"], fixture["train_classes"], fixture["test_features"], 7, options);
}

TEST(KnnParity, EqualsTheNumpyWritingOfTheSameRuleWithTies) {
  for (const auto& [name, options] :
       {std::pair{"knn_default", KnnOptions{}}, std::pair{"knn_nearest", KnnOptions{.k = 1}},
        std::pair{"knn_all", KnnOptions{.k = 400, .temperature = 1}}}) {
    const Fixture fixture(name);
    EXPECT_TRUE(torch::equal(predict(fixture, options), fixture["predicted"])) << name;
  }
}

TEST(KnnParity, ChunksDoNotMatter) {
  const Fixture fixture("knn_default");
  EXPECT_TRUE(torch::equal(predict(fixture, {.chunk = 1}), predict(fixture, {.chunk = 1000})));
}

TEST(Knn, SeparatesClustersWhateverTheLengthOfTheFeatures) {
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(1);
  const auto centres = torch::eye(3) * 10;
  const auto classes = torch::arange(90).remainder(3);
  const auto features =
      (centres.index({classes}) + torch::randn({90, 3}, generator)) * torch::rand({90, 1}, generator).add(0.1);
  const auto predicted = knn_predict(features.slice(0, 0, 60), classes.slice(0, 0, 60), features.slice(0, 60), 3);
  EXPECT_TRUE(torch::equal(predicted, classes.slice(0, 60)));
}

TEST(Knn, ACloserNeighbourOutvotesAMajority) {
  // Two neighbours of class 1 at cosine 0.8 weigh exp(-0.2 / 0.07) = 0.057 each against the one of class 0.
  const auto train = torch::tensor({{1.0, 0.0}, {0.8, 0.6}, {0.8, -0.6}});
  const auto test = torch::tensor({{1.0, 0.0}});
  EXPECT_EQ(knn_predict(train, classes_of({0, 1, 1}), test, 2, {.k = 3}).item<int64_t>(), 0);
  EXPECT_EQ(knn_predict(train, classes_of({0, 1, 1}), test, 2, {.k = 3, .temperature = 10}).item<int64_t>(), 1);
}

TEST(Knn, TiesGoToTheLowerSampleAndTheLowerClass) {
  const auto same = torch::ones({4, 3});
  const auto test = torch::ones({1, 3});
  // k = 1 of four equal samples: the first one, of class 2.
  EXPECT_EQ(knn_predict(same, classes_of({2, 1, 0, 1}), test, 3, {.k = 1}).item<int64_t>(), 2);
  // One equal vote each: class 0.
  EXPECT_EQ(knn_predict(same, classes_of({2, 1, 0, 1}), test, 3, {.k = 3}).item<int64_t>(), 0);
}

TEST(Knn, TakesFewerSamplesThanKOneClassAndNoTestSample) {
  const auto train = torch::eye(3);
  EXPECT_EQ(knn_predict(train, classes_of({0, 1, 2}), torch::tensor({{0.0, 1.0, 0.1}}), 3).item<int64_t>(), 1);
  EXPECT_EQ(knn_predict(train, classes_of({0, 0, 0}), torch::ones({2, 3}), 1).sum().item<int64_t>(), 0);
  EXPECT_EQ(knn_predict(train, classes_of({0, 1, 2}), torch::empty({0, 3}), 3).size(0), 0);
  // A vector of zeros is similar to nothing, so that all neighbours vote alike.
  EXPECT_EQ(knn_predict(train, classes_of({2, 1, 1}), torch::zeros({1, 3}), 3).item<int64_t>(), 1);
}

TEST(Knn, RefusesWhatDoesNotFit) {
  const auto train = torch::eye(3);
  const auto classes = classes_of({0, 1, 2});
  EXPECT_THROW(knn_predict(train, classes, torch::ones({1, 2}), 3), c10::ValueError);
  EXPECT_THROW(knn_predict(train, classes, torch::ones({1, 3}), 2), c10::ValueError);
  EXPECT_THROW(knn_predict(train, classes_of({0, 1}), torch::ones({1, 3}), 3), c10::ValueError);
  EXPECT_THROW(knn_predict(torch::empty({0, 3}), classes_of({}), torch::ones({1, 3}), 3), c10::ValueError);
  EXPECT_THROW(knn_predict(train, classes, torch::full({1, 3}, NAN), 3), c10::ValueError);
}

}  // namespace
}  // namespace skysense
