#include "infer/prediction_layers.h"

#include <gmock/gmock.h>

#include <cmath>
#include <cstring>
#include <set>

#include "testing/all_close.h"

namespace skysense {
namespace {

using ::testing::ElementsAre;

TaskDescription task_of(TaskKind kind, int64_t classes) {
  TaskDescription task;
  task.kind = kind;
  for (int64_t i = 0; i < classes; ++i) task.classes.push_back("class " + std::to_string(i));
  return task;
}

/// The bytes as numbers.
std::vector<int> values_of(const std::string& bytes) {
  std::vector<int> values;
  for (const char byte : bytes) values.push_back(static_cast<unsigned char>(byte));
  return values;
}

TEST(PredictionLayers, TheMapHasTheFirstMostProbableClassAndNodata) {
  const PredictionLayers layers(task_of(TaskKind::kMap, 3), {{.modality = Modality::kHr}}, {});
  auto values =
      torch::tensor({{0.2f, 0.4f, 0.1f, NAN}, {0.5f, 0.4f, 0.1f, NAN}, {0.3f, 0.2f, 0.8f, NAN}}).view({3, 1, 4});
  const auto valid = torch::tensor({true, true, true, false}).view({1, 4});
  EXPECT_THAT(values_of(layers.render(values, valid, {})), ElementsAre(1, 0, 2, 255));
  EXPECT_EQ(layers.bytes_per_pixel(), 1);
}

TEST(PredictionLayers, ProbabilitiesAndEntropyKeepTheirMeaningInOneByte) {
  const PredictionLayers layers(task_of(TaskKind::kMap, 2), {{.modality = Modality::kHr}},
                                {.probabilities = true, .entropy = true});
  const auto values = torch::tensor({{1.0f, 0.5f, 0.2f}, {0.0f, 0.5f, 0.8f}}).view({2, 1, 3});
  const auto bytes = values_of(layers.render(values, torch::ones({1, 3}, torch::kBool), {}));
  ASSERT_EQ(layers.layers().size(), 3u);
  EXPECT_EQ(layers.layers()[1].layout.scales[0], 0.004);
  EXPECT_THAT(std::vector<int>(bytes.begin() + 3, bytes.begin() + 9), ElementsAre(250, 125, 50, 0, 125, 200));
  const double fifth = -(0.2 * std::log2(0.2) + 0.8 * std::log2(0.8));  // bits, of one at most
  EXPECT_THAT(std::vector<int>(bytes.begin() + 9, bytes.end()),
              ElementsAre(0, 250, static_cast<int>(std::lround(250 * fifth))));
}

TEST(PredictionLayers, HalfPrecisionKeepsElevenBits) {
  const PredictionLayers layers(task_of(TaskKind::kMap, 2), {{.modality = Modality::kHr}},
                                {.probabilities = true, .half = true});
  const auto values = torch::tensor({0.123456f, 1 - 0.123456f}).view({2, 1, 1});
  const std::string bytes = layers.render(values, torch::ones({1, 1}, torch::kBool), {});
  ASSERT_EQ(bytes.size(), 1 + 2 * 2u);
  const auto half = torch::empty({2}, torch::kHalf);
  std::memcpy(half.mutable_data_ptr(), bytes.data() + 1, 4);
  EXPECT_TRUE(testing::all_close(half.to(torch::kFloat), values.flatten(), 1.0 / 2048));
}

TEST(PredictionLayers, SemanticChangeIsWhereTheClassesDiffer) {
  const PredictionLayers layers(task_of(TaskKind::kSemanticChange, 2), {{.modality = Modality::kMs}},
                                {.probabilities = true});
  // before: 0 0 1, after: 0 1 1; the last pixel has no data.
  const auto values =
      torch::tensor({{0.9f, 0.6f, 0.2f}, {0.1f, 0.4f, 0.8f}, {0.7f, 0.1f, 0.3f}, {0.3f, 0.9f, 0.7f}}).view({4, 1, 3});
  const auto valid = torch::tensor({true, true, false}).view({1, 3});
  const auto bytes = values_of(layers.render(values, valid, {}));
  EXPECT_THAT(std::vector<int>(bytes.begin(), bytes.begin() + 9), ElementsAre(0, 1, 255, 0, 0, 255, 0, 1, 255));
  EXPECT_EQ(layers.layers()[1].suffix, "_before");
  EXPECT_EQ(layers.layers()[3].layout.bands, 4);
  EXPECT_EQ(layers.layers()[3].layout.band_names[2], "after class 0");
}

TEST(PredictionLayers, ProvenanceCountsTheImagesOfEachSensor) {
  const PredictionLayers layers(task_of(TaskKind::kMap, 2), {{.modality = Modality::kMs}, {.modality = Modality::kSar}},
                                {.provenance = true});
  auto images = torch::zeros({1, kModalityCount, 1, 2}, torch::kUInt8);
  images[0][1][0][0] = 4;
  images[0][2][0][1] = 7;
  const auto values = torch::full({2, 1, 2}, 0.5f);
  EXPECT_THAT(values_of(layers.render(values, torch::ones({1, 2}, torch::kBool), images)),
              ElementsAre(0, 0, 4, 0, 0, 7));
  EXPECT_THAT(layers.layers()[1].layout.band_names, ElementsAre("ms images", "sar images"));
}

TEST(PredictionLayers, DatesAreABandAnImage) {
  const auto may = parse_date("2024-05-01"), july = parse_date("2024-07-12");
  const PredictionLayers layers(task_of(TaskKind::kChange, 2),
                                {{0, Modality::kHr, may},
                                 {0, Modality::kMs, may},
                                 {0, Modality::kMs, july},
                                 {1, Modality::kHr, july},
                                 {1, Modality::kMs, {}}},
                                {.dates = true});
  EXPECT_THAT(layers.layers()[1].layout.band_names,
              ElementsAre("before hr 2024-05-01", "before ms 2024-05-01", "before ms 2024-07-12", "after hr 2024-07-12",
                          "after ms 1"));
  auto images = torch::zeros({2, kModalityCount + 3, 1, 2}, torch::kUInt8);
  images[0][kModalityCount + 2][0][1] = 1;
  images[1][kModalityCount][0][0] = 1;
  const auto bytes = values_of(layers.render(torch::full({2, 1, 2}, 0.5f), torch::ones({1, 2}, torch::kBool), images));
  EXPECT_THAT(std::vector<int>(bytes.begin() + 2, bytes.end()), ElementsAre(0, 0, 0, 0, 0, 1, 1, 0, 0, 0));
  EXPECT_EQ(layers.text(), "map 1 x 1, dates 5 x 1");
}

TEST(PredictionLayers, ClassesWithoutColoursGetDifferentOnes) {
  const auto colours = colours_of(task_of(TaskKind::kMap, 30));
  EXPECT_EQ(std::set(colours.begin(), colours.end()).size(), 30u);
}

}  // namespace
}  // namespace skysense
