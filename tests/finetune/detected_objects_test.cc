#include "finetune/detected_objects.h"

#include <gtest/gtest.h>

#include "data/coco_document.h"
#include "data/object_check.h"
#include "eval/coco_precision.h"
#include "testing/fixture.h"

namespace skysense {
namespace {

using testing::Fixture;

/// The whole way from a COCO document, with crowds and the areas of segmentations, and a detector's boxes to COCO's
/// metric: what COCOeval finds for the same document and boxes.
TEST(DetectedObjectsParity, ADocumentAndBoxesGiveWhatPycocotoolsFinds) {
  constexpr double kTolerance = 1e-9;
  const Fixture fixture("object_metrics_document");
  const auto bytes = fixture["document"].contiguous();
  const CocoObjects document = parse_coco(
      {reinterpret_cast<const char*>(bytes.const_data_ptr<uint8_t>()), static_cast<size_t>(bytes.numel())}, "document");
  std::map<std::string, int64_t> classes;
  for (const std::string& name : document.classes) classes.emplace(name, static_cast<int64_t>(classes.size()));
  CocoPrecision metric(static_cast<int64_t>(classes.size()));
  int64_t crowds = 0;
  for (size_t i = 0; i < document.images.size(); ++i) {
    const ImageObjects& image = document.images[i].objects;
    const CheckedObjects truth = check_objects(image, classes, BoxKind::kUpright, image.width, image.height);
    EXPECT_TRUE(truth.problems.empty());
    for (const uint8_t crowd : truth.labels.crowds) crowds += crowd;
    const std::string own = std::to_string(i) + ".";
    const Detections found{
        .boxes = fixture[own + "boxes"], .scores = fixture[own + "scores"], .classes = fixture[own + "classes"]};
    metric.add(static_cast<int64_t>(i), detected_objects(truth.labels, found, /*oriented=*/false));
  }
  EXPECT_GT(crowds, 20);
  const CocoScores found = metric.scores();
  const std::vector<std::optional<double>> summary = {
      found.map,       found.map50,     found.map75,     found.small,        found.medium,        found.large,
      found.recall[0], found.recall[1], found.recall[2], found.recall_small, found.recall_medium, found.recall_large};
  for (size_t i = 0; i < summary.size(); ++i)
    EXPECT_NEAR(summary[i].value_or(-1), fixture["summary"][static_cast<int64_t>(i)].item<double>(), kTolerance) << i;
}

}  // namespace
}  // namespace skysense
