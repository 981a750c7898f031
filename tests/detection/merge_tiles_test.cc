#include "detection/merge_tiles.h"

#include <gtest/gtest.h>

#include <vector>

#include "testing/all_close.h"

namespace skysense {
namespace {

Detections found(const std::vector<OrientedBox>& boxes, const std::vector<float>& scores, DetectorKind kind) {
  ObjectLabels labels;
  for (const OrientedBox& box : boxes) labels.add(box, 0, false);
  const ObjectTargets rows = targets_of(labels, kind);
  return {rows.boxes, torch::tensor(scores), rows.classes};
}

TEST(MergeTiles, SightingsOfOneObjectAreOneAndPiecesYieldToTheWhole) {
  // Two tiles of 60 in an image of 100 x 60: one object in both, one cut by the left tile's edge, one by the image's.
  for (const auto kind : {DetectorKind::kFasterRcnn, DetectorKind::kOrientedRcnn}) {
    const std::vector<TileDetections> tiles = {
        {{0, 0, 60, 60}, found({{50, 20, 12, 8, 0}, {57, 40, 5, 8, 0}, {3, 50, 6, 6, 0}}, {0.6f, 0.9f, 0.5f}, kind)},
        {{40, 0, 100, 60}, found({{10, 20, 12, 8, 0}, {20, 40, 12, 8, 0}}, {0.8f, 0.7f}, kind)}};
    const Detections merged = merge_tiles(tiles, {.height = 60, .width = 100});
    const Detections expected =
        found({{50, 20, 12, 8, 0}, {60, 40, 12, 8, 0}, {3, 50, 6, 6, 0}}, {0.8f, 0.7f, 0.5f}, kind);
    EXPECT_TRUE(testing::all_close(merged.boxes, expected.boxes));
    EXPECT_TRUE(testing::all_close(merged.scores, expected.scores));
    EXPECT_TRUE(at::equal(merged.classes, expected.classes));
  }
}

TEST(MergeTiles, OneTilesDetectionsStayAsTheyAre) {
  const Detections one = found({{20, 20, 12, 8, 0.3}, {21, 20, 12, 8, 0.3}}, {0.4f, 0.3f}, DetectorKind::kOrientedRcnn);
  EXPECT_TRUE(at::equal(merge_tiles({{{0, 0, 60, 60}, one}}, {.height = 60, .width = 60}).boxes, one.boxes));
}

}  // namespace
}  // namespace skysense
