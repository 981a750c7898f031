#include "detection/seam_merge.h"

#include <gmock/gmock.h>

#include <limits>
#include <numbers>

namespace skysense {
namespace {

using ::testing::ElementsAre;

constexpr double kEndless = std::numeric_limits<double>::infinity();

/// Two tiles side by side that share the columns 60 to 100.
const SeamTile kLeft{.bounds = {0, 0, 100, 100}, .seen = {-kEndless, -kEndless, 100, kEndless}};
const SeamTile kRight{.bounds = {60, 0, 160, 100}, .seen = {60, -kEndless, kEndless, kEndless}};

/// The scores of what is left: each test's names for its sightings.
std::vector<double> merged(const std::vector<std::pair<SeamTile, std::vector<FoundObject>>>& tiles) {
  SeamMerge merge;
  for (const auto& [tile, objects] : tiles) merge.add(tile, objects);
  std::vector<double> scores;
  for (const FoundObject& object : merge.finish()) scores.push_back(object.score);
  return scores;
}

FoundObject ship(double x, double y, double width, double height, double score, double angle = 0) {
  return {{x, y, width, height, angle}, 0, score};
}

TEST(SeamMerge, OneObjectSeenTwiceIsTheBetterSighting) {
  EXPECT_THAT(merged({{kLeft, {ship(80, 50, 20, 8, 0.7)}}, {kRight, {ship(81, 49, 21, 8, 0.8)}}}), ElementsAre(0.8));
  EXPECT_THAT(merged({{kLeft, {ship(80, 50, 20, 8, 0.7)}}, {kRight, {ship(81, 49, 21, 8, 0.7)}}}), ElementsAre(0.7));
}

TEST(SeamMerge, HowAnAngleIsWrittenDoesNotMatter) {
  const double turn = std::numbers::pi;
  EXPECT_THAT(merged({{kLeft, {ship(80, 50, 30, 6, 0.7, 1.5)}}, {kRight, {ship(80, 51, 30, 6, 0.6, 1.55 - turn)}}}),
              ElementsAre(0.7));
}

TEST(SeamMerge, BoatsSideBySideStayTwoThoughEachTileSeesOneOfThem) {
  // Off by a pixel each, they overlap by an IoU of 0.2: more than what detectors suppress within a tile.
  EXPECT_THAT(merged({{kLeft, {ship(80, 50, 30, 6, 0.7)}}, {kRight, {ship(80, 54, 30, 6, 0.6)}}}),
              ElementsAre(0.7, 0.6));
}

TEST(SeamMerge, ShipsThatCrossStayTwo) {
  EXPECT_THAT(merged({{kLeft, {ship(80, 50, 36, 2, 0.7)}}, {kRight, {ship(80, 50, 36, 2, 0.6, std::numbers::pi / 2)}}}),
              ElementsAre(0.7, 0.6));
}

TEST(SeamMerge, ATileThatSeesTwoThingsHasSeenTwo) {
  // Each lies within reach of both sightings in the other tile.
  EXPECT_THAT(merged({{kLeft, {ship(80, 50, 20, 10, 0.7), ship(80, 54, 20, 10, 0.6)}},
                      {kRight, {ship(80, 50.5, 20, 10, 0.5), ship(80, 54.5, 20, 10, 0.4)}}}),
              ElementsAre(0.7, 0.6));
  // Nor does a third tile make one of them.
  EXPECT_THAT(
      merged({{kLeft, {ship(80, 50, 20, 10, 0.7), ship(80, 54, 20, 10, 0.6)}}, {kRight, {ship(80, 52, 20, 10, 0.5)}}}),
      ElementsAre(0.7, 0.6));
}

TEST(SeamMerge, TheBestPairsAreJoinedFirst) {
  // The worst pairing would leave the first object twice and lose the second.
  EXPECT_THAT(merged({{kLeft, {ship(80, 50, 20, 10, 0.9), ship(80, 54, 20, 10, 0.3)}},
                      {kRight, {ship(80, 54.2, 20, 10, 0.2), ship(80, 50.2, 20, 10, 0.8)}}}),
              ElementsAre(0.9, 0.3));
}

TEST(SeamMerge, ClassesNeverMeet) {
  FoundObject container = ship(80, 50, 20, 8, 0.6);
  container.object_class = 1;
  EXPECT_THAT(merged({{kLeft, {ship(80, 50, 20, 8, 0.7)}}, {kRight, {container}}}), ElementsAre(0.7, 0.6));
}

TEST(SeamMerge, APieceYieldsToTheWholeHoweverMuchItScores) {
  const FoundObject whole = ship(75, 50, 28, 10, 0.4), piece = ship(74.5, 50, 29, 10, 0.9),
                    sliver = ship(62, 50, 4, 9, 0.9);
  // The left edge of the right tile cuts it.
  EXPECT_THAT(merged({{kLeft, {whole}}, {kRight, {ship(74, 50, 27, 10, 0.9)}}}), ElementsAre(0.4));
  EXPECT_THAT(merged({{kLeft, {whole}}, {kRight, {piece}}}), ElementsAre(0.4));
  EXPECT_THAT(merged({{kLeft, {ship(58, 50, 12, 10, 0.4)}}, {kRight, {sliver}}}), ElementsAre(0.4));
}

TEST(SeamMerge, APieceStaysWhereNothingCoversIt) {
  EXPECT_THAT(merged({{kLeft, {ship(40, 80, 28, 10, 0.4)}}, {kRight, {ship(65, 50, 9, 9, 0.9)}}}),
              ElementsAre(0.4, 0.9));
  // What its own tile sees beside it is another object.
  EXPECT_THAT(merged({{kRight, {ship(70, 50, 30, 12, 0.5), ship(64, 51, 8, 10, 0.9)}}}), ElementsAre(0.5, 0.9));
  EXPECT_THAT(
      merged({{kLeft, {ship(70, 50, 30, 12, 0.6)}}, {kRight, {ship(70.5, 50, 30, 12, 0.5), ship(64, 54, 8, 10, 0.9)}}}),
      ElementsAre(0.6, 0.9));
}

TEST(SeamMerge, NothingIsCutAtTheEdgeOfTheScene) {
  const SeamTile alone{.bounds = {60, 0, 160, 100}, .seen = {-kEndless, -kEndless, kEndless, kEndless}};
  // The same boxes as those of a piece and its whole, but no tile goes on where the piece ends.
  EXPECT_THAT(merged({{kLeft, {ship(58, 50, 12, 10, 0.4)}}, {alone, {ship(62, 50, 4, 9, 0.9)}}}),
              ElementsAre(0.4, 0.9));
}

TEST(SeamMerge, FourTilesThatMeetGiveOneObject) {
  std::vector<std::pair<SeamTile, std::vector<FoundObject>>> tiles;
  for (const double top : {0.0, 60.0}) {
    for (const double left : {0.0, 60.0}) {
      const UprightBox bounds{left, top, left + 100, top + 100};
      tiles.push_back(
          {{.bounds = bounds, .seen = bounds},
           {ship(79 + left / 30, 81 - top / 30, 24, 10, 0.5 + (left + 2 * top) / 1000, 0.4 + left / 1000)}});
    }
  }
  EXPECT_THAT(merged(tiles), ElementsAre(::testing::DoubleEq(0.68)));
}

TEST(SeamMerge, WhatLiesBeyondItsTileIsLeftOut) {
  EXPECT_THAT(merged({{kLeft, {ship(101, 50, 20, 8, 0.7), ship(99, 50, 20, 8, 0.6)}}}), ElementsAre(0.6));
}

TEST(SeamMerge, ObjectsAreHeldUntilNoLaterTileCanTouchThem) {
  SeamMerge merge;
  merge.add(kLeft, {ship(20, 20, 20, 8, 0.9), ship(20, 62, 20, 8, 0.8)});
  const auto first = merge.take(60);
  ASSERT_EQ(first.size(), 1u);
  EXPECT_EQ(first[0].score, 0.9);
  EXPECT_EQ(merge.held(), 1);
  const UprightBox below{0, 60, 100, 160};
  merge.add({.bounds = below, .seen = below}, {ship(20, 63, 20, 8, 0.95)});
  const auto last = merge.finish();
  ASSERT_EQ(last.size(), 1u);
  EXPECT_EQ(last[0].score, 0.8);  // the whole one
  EXPECT_EQ(merge.held(), 0);
}

}  // namespace
}  // namespace skysense
