#include "detection/sample_boxes.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <gtest/gtest.h>

#include "detection/match_boxes.h"

namespace skysense {
namespace {

/// Objects, background and ignored boxes, one after the other.
torch::Tensor matches_of(int64_t objects, int64_t background, int64_t ignored) {
  const at::TensorOptions whole(at::kLong);
  return at::cat({at::full({objects}, 3, whole), at::full({background}, kBackground, whole),
                  at::full({ignored}, kIgnored, whole)});
}

TEST(SampleBoxes, HoldTheirNumberAndTheShareOfObjects) {
  const auto matches = matches_of(300, 5000, 700);
  const auto sampled = sample_boxes(matches, 256, 0.25, 7);
  EXPECT_EQ(sampled.objects.size(0), 64);
  EXPECT_EQ(sampled.background.size(0), 192);
  EXPECT_TRUE((matches.index_select(0, sampled.objects) == 3).all().item<bool>());
  EXPECT_TRUE((matches.index_select(0, sampled.background) == kBackground).all().item<bool>());
  // Few objects: background fills up. Few of both: all of them.
  const auto few = sample_boxes(matches_of(10, 5000, 1), 256, 0.5, 7);
  EXPECT_EQ(few.objects.size(0), 10);
  EXPECT_EQ(few.background.size(0), 246);
  EXPECT_TRUE(torch::equal(sample_boxes(matches_of(3, 4, 5), 256, 0.5, 7).background, at::arange(3, 7)));
  EXPECT_EQ(sample_boxes(matches_of(0, 0, 5), 256, 0.5, 7).count(), 0);
}

TEST(SampleBoxes, FollowFromTheKeyAndAreUniform) {
  const auto matches = matches_of(1000, 4000, 0);
  const auto once = sample_boxes(matches, 200, 0.5, 7), again = sample_boxes(matches, 200, 0.5, 7);
  EXPECT_TRUE(torch::equal(once.objects, again.objects));
  EXPECT_TRUE(torch::equal(once.background, again.background));
  EXPECT_FALSE(torch::equal(once.objects, sample_boxes(matches, 200, 0.5, 8).objects));
  // The mean index of 100 of 1000 deviates by 27.
  EXPECT_NEAR(once.objects.to(at::kFloat).mean().item<double>(), 499.5, 90);
  std::vector<int64_t> drawn(1000);
  for (uint64_t key = 0; key < 400; ++key) {
    const auto objects = sample_boxes(matches, 200, 0.5, key).objects;
    for (int64_t i = 0; i < objects.size(0); ++i) ++drawn[static_cast<size_t>(objects[i].item<int64_t>())];
  }
  // Each is drawn in a tenth of 400 keys: 40 +- 6.
  for (const int64_t count : drawn) EXPECT_NEAR(static_cast<double>(count), 40, 30);
}

TEST(SampleBoxes, OneCandidateMoreChangesOneAtMost) {
  auto matches = matches_of(1000, 4000, 0);
  const auto before = sample_boxes(matches, 200, 0.5, 7).background;
  matches[4321] = kIgnored;
  const auto after = sample_boxes(matches, 200, 0.5, 7).background;
  const auto common = (before.unsqueeze(0) == after.unsqueeze(1)).sum().item<int64_t>();
  EXPECT_GE(common, 99);
}

}  // namespace
}  // namespace skysense
