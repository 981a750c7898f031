#include "detection/match_boxes.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/tensor.h>
#include <gtest/gtest.h>

#include "detection/taught_objects.h"

namespace skysense {
namespace {

torch::Tensor match(const torch::Tensor& iou, const MatchOptions& options) {
  const auto overlaps = [&](int64_t begin, int64_t end) { return iou.slice(1, begin, end); };
  return match_boxes(overlaps, iou.size(0), iou.size(1), options, torch::kCPU);
}

torch::Tensor numbers(std::vector<int64_t> values) { return at::tensor(values, at::TensorOptions(at::kLong)); }

// Objects down, boxes across.
const auto kOverlaps = [] { return at::tensor({0.8, 0.5, 0.2, 0.0, 0.1, 0.8, 0.4, 0.4, 0.29, 0.1}).view({2, 5}); };

TEST(MatchBoxes, TakeTheObjectThatTheyOverlapMostByTheThresholds) {
  EXPECT_TRUE(torch::equal(match(kOverlaps(), {.foreground_iou = 0.5, .background_iou = 0.3}),
                           numbers({0, 0, kIgnored, kBackground, kBackground})));
  // Equal overlaps: the first object.
  EXPECT_EQ(match(kOverlaps(), {.foreground_iou = 0.8, .background_iou = 0.3})[0].item<int64_t>(), 0);
  // Exactly the threshold is enough.
  EXPECT_EQ(match(kOverlaps(), {.foreground_iou = 0.5, .background_iou = 0.5})[1].item<int64_t>(), 0);
}

TEST(MatchBoxes, EveryObjectGetsItsNearestBoxesIfTheyOverlapEnough) {
  const auto iou = at::tensor({0.1, 0.45, 0.45, 0.0, 0.25, 0.0, 0.0, 0.2}).view({2, 4});
  const MatchOptions any{.foreground_iou = 0.7, .background_iou = 0.3, .low_quality_iou = 0};
  // Both of the equal ones of object 0, and object 1's best although it lies under every threshold.
  EXPECT_TRUE(torch::equal(match(iou, any), numbers({1, 0, 0, kBackground})));
  const MatchOptions some{.foreground_iou = 0.7, .background_iou = 0.3, .low_quality_iou = 0.3};
  EXPECT_TRUE(torch::equal(match(iou, some), numbers({kBackground, 0, 0, kBackground})));
}

TEST(MatchBoxes, AreTheSameWholeOrInPieces) {
  // 9,000 objects make pieces of 1,864 boxes.
  constexpr int64_t kObjects = 9000, kBoxes = 4001;
  const auto generator = at::make_generator<at::CPUGeneratorImpl>(uint64_t{3});
  const auto iou = at::rand({kObjects, kBoxes}, generator).pow_(400);
  const MatchOptions options{.foreground_iou = 0.9999, .background_iou = 0.999, .low_quality_iou = 0.5};
  const auto matches = match(iou, options);
  int64_t asked = 0;
  const auto overlaps = [&](int64_t begin, int64_t end) {
    ++asked;
    return iou.slice(1, begin, end);
  };
  match_boxes(overlaps, kObjects, kBoxes, options, torch::kCPU);
  EXPECT_GT(asked, 3);
  // By the definition, one step after the other.
  const auto [best, owner] = iou.max(0);
  const auto nearest = (iou == std::get<0>(iou.max(1, true))).logical_and(iou >= 0.5).any(0);
  auto expected = owner.masked_fill(best < 0.9999, kIgnored).masked_fill(best < 0.999, kBackground);
  expected = at::where(nearest, owner, expected);
  EXPECT_TRUE(torch::equal(matches, expected));
  EXPECT_GT((expected >= 0).sum().item<int64_t>(), 100);
  EXPECT_GT((expected == kBackground).sum().item<int64_t>(), 100);
}

TEST(MatchBoxes, WithoutObjectsEverythingIsBackground) {
  EXPECT_TRUE(
      torch::equal(match(at::rand({0, 3}), {.foreground_iou = 0.7, .background_iou = 0.3, .low_quality_iou = 0}),
                   numbers({kBackground, kBackground, kBackground})));
  EXPECT_EQ(match(at::rand({3, 0}), {.foreground_iou = 0.7, .background_iou = 0.3}).size(0), 0);
  EXPECT_THROW(match(kOverlaps(), {.foreground_iou = 0.3, .background_iou = 0.7}), c10::ValueError);
}

TEST(MatchObjects, WhatLiesInADifficultObjectIsNotTaughtAsBackground) {
  const auto candidates = at::tensor({0., 0., 10., 10., 50., 50., 60., 60., 58., 50., 68., 60., 80., 80., 90., 90.})
                              .to(at::kFloat)
                              .view({4, 4});
  const ObjectTargets targets{.boxes = at::tensor({0., 0., 10., 10., 45., 45., 62., 65.}).to(at::kFloat).view({2, 4}),
                              .classes = numbers({0, 1}),
                              .ignored = at::tensor({0, 1}).to(at::kBool)};
  const auto objects = taught_objects(targets, DetectorKind::kFasterRcnn, 2);
  EXPECT_EQ(objects.boxes.size(0), 1);
  const MatchOptions options{.foreground_iou = 0.5, .background_iou = 0.5};
  // The second candidate lies in the difficult object, the third to 40%, the last elsewhere.
  EXPECT_TRUE(
      torch::equal(match_objects(candidates, objects, options, 0.5), numbers({0, kIgnored, kBackground, kBackground})));
  EXPECT_TRUE(
      torch::equal(match_objects(candidates, objects, options, 0.4), numbers({0, kIgnored, kIgnored, kBackground})));
}

TEST(TaughtObjects, RefuseWhatCannotBeLearnt) {
  const auto box = at::tensor({1., 2., 8., 9.}).to(at::kFloat).view({1, 4});
  const auto refuse = [&](const torch::Tensor& boxes, std::vector<int64_t> classes) {
    EXPECT_THROW(taught_objects({.boxes = boxes, .classes = numbers(std::move(classes))}, DetectorKind::kFasterRcnn, 3),
                 c10::ValueError);
  };
  refuse(box, {3});
  refuse(box, {-1});
  refuse(box, {0, 1});
  refuse(box / 0, {0});
  refuse(at::cat({box, box.narrow(1, 0, 1)}, 1), {0});                    // oriented
  refuse(at::tensor({1., 2., 1., 9.}).to(at::kFloat).view({1, 4}), {0});  // no width
  EXPECT_NO_THROW(taught_objects({.boxes = box, .classes = numbers({2})}, DetectorKind::kFasterRcnn, 3));
}

}  // namespace
}  // namespace skysense
