#include <gtest/gtest.h>

#include "eval/coco_precision.h"
#include "eval/object_precision.h"
#include "testing/fixture.h"

namespace skysense {
namespace {

using testing::Fixture;

constexpr double kTolerance = 1e-12;
constexpr int64_t kClasses = 4;
const std::vector<std::string> kCases = {
    "object_metrics_apart",         "object_metrics_random",     "object_metrics_ties",
    "object_metrics_crowded",       "object_metrics_few_boxes",  "object_metrics_all_ignored",
    "object_metrics_nothing_found", "object_metrics_no_objects", "object_metrics_by_hand"};

std::vector<DetectedImage> images_of(const Fixture& fixture) {
  std::vector<DetectedImage> images;
  for (int64_t i = 0;; ++i) {
    const auto own = fixture.with_prefix(std::to_string(i) + ".");
    if (own.empty()) return images;
    images.push_back({own.at("scores"), own.at("classes"), own.at("areas"), own.at("object_classes"),
                      own.at("object_areas"), own.at("ignored"), own.at("overlaps")});
  }
}

CocoPrecision coco_of(const Fixture& fixture) {
  const auto most = fixture["most"];
  return CocoPrecision(kClasses, {most[0].item<int64_t>(), most[1].item<int64_t>(), most[2].item<int64_t>()});
}

TEST(ObjectMetricsParity, CocoPrecisionEqualsPycocotoolsAlsoOnDegenerateInputs) {
  for (const std::string& name : kCases) {
    SCOPED_TRACE(name);
    const Fixture fixture(name);
    CocoPrecision metric = coco_of(fixture);
    const auto images = images_of(fixture);
    for (size_t i = 0; i < images.size(); ++i) metric.add(static_cast<int64_t>(i), images[i]);
    const CocoScores found = metric.scores();
    const std::vector<std::optional<double>> summary = {
        found.map,       found.map50,     found.map75,     found.small,        found.medium,        found.large,
        found.recall[0], found.recall[1], found.recall[2], found.recall_small, found.recall_medium, found.recall_large};
    for (size_t i = 0; i < summary.size(); ++i)
      EXPECT_NEAR(summary[i].value_or(-1), fixture["summary"][static_cast<int64_t>(i)].item<double>(), kTolerance) << i;
    for (size_t k = 0; k < found.classes.size(); ++k) {
      const auto& own = found.classes[k];
      const std::vector<std::optional<double>> values = {own.map,   own.map50,  own.map75,
                                                         own.small, own.medium, own.large};
      const auto expected = fixture["classes"][static_cast<int64_t>(k)];
      for (size_t i = 0; i < values.size(); ++i)
        EXPECT_NEAR(values[i].value_or(-1), expected[static_cast<int64_t>(i)].item<double>(), kTolerance)
            << k << " " << i;
    }
  }
}

TEST(ObjectMetricsParity, VocAndDotaPrecisionEqualTheirKitsRule) {
  for (const std::string& name : kCases) {
    SCOPED_TRACE(name);
    const Fixture fixture(name);
    ObjectRanking ranking(kClasses);
    const auto images = images_of(fixture);
    for (size_t i = 0; i < images.size(); ++i) ranking.add(static_cast<int64_t>(i), images[i]);
    for (const auto& [area, key] : {std::pair(PrecisionArea::kElevenPoints, "eleven_points"),
                                    std::pair(PrecisionArea::kAllPoints, "all_points")}) {
      const ObjectPrecision found = ranking.precision(area);
      double sum = 0, counted = 0;
      for (int64_t k = 0; k < kClasses; ++k) {
        const double expected = fixture[key][k].item<double>();
        EXPECT_NEAR(found.classes[static_cast<size_t>(k)].value_or(-1), expected, kTolerance) << key << " " << k;
        if (expected >= 0) sum += expected, counted += 1;
      }
      EXPECT_NEAR(found.mean, counted > 0 ? sum / counted : 0, kTolerance);
    }
  }
}

TEST(ObjectMetrics, AreTheSameWhicheverProcessAddsAnImageAndWhen) {
  const Fixture fixture("object_metrics_ties");
  const auto images = images_of(fixture);
  CocoPrecision together = coco_of(fixture), first = coco_of(fixture), second = coco_of(fixture);
  ObjectRanking ranked(kClasses), one(kClasses), other(kClasses);
  for (size_t i = 0; i < images.size(); ++i) {
    const auto number = static_cast<int64_t>(i);
    together.add(number, images[i]);
    ranked.add(number, images[i]);
  }
  for (size_t i = images.size(); i-- > 0;) {
    const auto number = static_cast<int64_t>(i);
    (i % 3 == 0 ? first : second).add(number, images[i]);
    (i % 3 == 0 ? one : other).add(number, images[i]);
  }
  second.merge(first);
  other.merge(one);
  EXPECT_EQ(together.scores().map, second.scores().map);
  EXPECT_EQ(ranked.precision(PrecisionArea::kAllPoints).mean, other.precision(PrecisionArea::kAllPoints).mean);
}

DetectedImage one_object(double overlap, bool ignored, int64_t boxes = 1) {
  return {.scores = torch::linspace(0.9, 0.5, boxes),
          .classes = torch::zeros({boxes}, torch::kInt64),
          .areas = torch::full({boxes}, 100.0),
          .object_classes = torch::zeros({1}, torch::kInt64),
          .object_areas = torch::full({1}, 100.0),
          .ignored = torch::full({1}, ignored),
          .overlaps = torch::full({boxes, 1}, overlap, torch::kFloat64)};
}

TEST(ObjectMetrics, AnOverlapMustExceedTheKitsThresholdAndReachCocos) {
  ObjectRanking ranking(1);
  CocoPrecision coco(1);
  ranking.add(0, one_object(0.5, false));
  coco.add(0, one_object(0.5, false));
  EXPECT_EQ(ranking.precision(PrecisionArea::kAllPoints).mean, 0);
  EXPECT_NEAR(*coco.scores().map50, 1, 1e-12);
}

TEST(ObjectMetrics, BoxesOnIgnoredObjectsDoNotCount) {
  ObjectRanking ranking(1);
  CocoPrecision coco(1);
  for (int64_t image = 0; image < 2; ++image) {
    ranking.add(image, one_object(0.8, image == 0, 3));
    coco.add(image, one_object(0.8, image == 0, 3));
  }
  const PrecisionRecall curve = ranking.curve(0);
  EXPECT_EQ(curve.objects, 1);
  ASSERT_EQ(curve.precision.size(), 3);  // of the second image: one right, two too many
  EXPECT_EQ(curve.precision[0], 1);
  EXPECT_NEAR(curve.precision[2], 1.0 / 3, 1e-12);
  EXPECT_EQ(curve.recall[2], 1);
  EXPECT_NEAR(*coco.scores().map50, 1, 1e-12);
}

TEST(ObjectMetrics, RefuseWhatCannotBeJudged) {
  ObjectRanking ranking(1);
  DetectedImage image = one_object(0.7, false);
  image.overlaps = torch::zeros({2, 1});
  EXPECT_THROW(ranking.add(0, image), c10::ValueError);
  image = one_object(NAN, false);
  EXPECT_THROW(ranking.add(0, image), c10::ValueError);
  image = one_object(0.7, false);
  image.classes[0] = 1;
  EXPECT_THROW(ranking.add(0, image), c10::ValueError);
  EXPECT_THROW(CocoPrecision(1, {10, 1, 100}), c10::ValueError);
  EXPECT_THROW(ObjectRanking(1, 0.5).merge(ObjectRanking(1, 0.7)), c10::ValueError);
}

}  // namespace
}  // namespace skysense
