#include "finetune/sample_pictures.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <vector>

#include "tests/finetune/pattern_dataset.h"

namespace skysense {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using testing::PatternDataset;
using testing::PatternOptions;

/// Remembers the largest window that was read.
class WatchedDataset : public PatternDataset {
 public:
  using LabelledDataset::get;
  using PatternDataset::PatternDataset;
  LabelledSample get(int64_t number, const SampleRequest& request) const override {
    const PixelWindow whole{0, 0, extent(number).width, extent(number).height};
    largest = std::max(largest, request.window.value_or(whole).pixels());
    return PatternDataset::get(number, request);
  }
  mutable int64_t largest = 0;
};

TaskDescription task_of(const PatternDataset& dataset) {
  TaskDescription task;
  task.kind = TaskKind::kMap;
  task.classes = dataset.description().classes;
  task.modalities = {Modality::kHr};
  return task;
}

TEST(SamplePictures, OfLargeImagesTheMiddleIsReadAndDrawn) {
  const PatternOptions patterns{
      .label = LabelKind::kMask, .training = 1, .validation = 1, .side = 1100, .hr_per_pixel = 1};
  const WatchedDataset dataset(patterns);
  SamplePictures pictures(dataset, task_of(dataset), {0, 1});
  const auto map = torch::zeros({1, 1100, 1100}, torch::kInt64);
  pictures.add(0, map, map);
  ASSERT_EQ(pictures.pictures().size(), 1U);
  EXPECT_THAT(pictures.pictures()[0].caption, HasSubstr("The middle 1024 x 1024 of 1100 x 1100 pixels."));
  EXPECT_EQ(dataset.largest, 1024 * 1024);
  EXPECT_LT(pictures.pictures()[0].picture.width, 1200);
  pictures.add(0, map, map);
  EXPECT_EQ(pictures.pictures().size(), 1U) << "one picture a sample, however many of its dates are compared";
}

TEST(SamplePictures, AreOfFewSamplesSpreadOverAll) {
  const PatternOptions patterns{
      .label = LabelKind::kMask, .training = 0, .validation = 20, .side = 32, .hr_per_pixel = 1};
  const WatchedDataset dataset(patterns);
  std::vector<int64_t> all(20);
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
  SamplePictures pictures(dataset, task_of(dataset), all);
  const auto observers = pictures.observers();
  const auto map = torch::zeros({1, 32, 32}, torch::kInt64);
  for (const int64_t number : all) observers.maps(number, map, map);
  ASSERT_EQ(static_cast<int64_t>(pictures.pictures().size()), kReportSamples);
  EXPECT_EQ(pictures.pictures().front().title, "sample-1");
  EXPECT_EQ(pictures.pictures().back().title, "sample-18");
  EXPECT_THAT(pictures.pictures()[0].caption, Not(HasSubstr("middle")));
}

}  // namespace
}  // namespace skysense
