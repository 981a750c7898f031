#include "finetune/prepared_sample.h"

#include <gmock/gmock.h>

#include <set>

#include "core/error.h"
#include "finetune/labelled_batch.h"
#include "testing/all_close.h"
#include "testing/error_of.h"
#include "tests/finetune/pattern_dataset.h"

namespace skysense {
namespace {

using testing::PatternDataset;
using testing::PatternOptions;
using testing::small_finetuning;

TEST(PreparedSample, EvaluationTakesEvenlySpacedDatesAndTrainingOneOfEachRun) {
  EXPECT_EQ(choose_dates(3, 5, nullptr), (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(choose_dates(9, 3, nullptr), (std::vector<int64_t>{1, 4, 7}));
  RandomStream stream(1);
  std::set<int64_t> first;
  for (int draw = 0; draw < 40; ++draw) {
    const auto dates = choose_dates(9, 3, &stream);
    ASSERT_EQ(dates.size(), 3u);
    for (int64_t run = 0; run < 3; ++run) {
      EXPECT_GE(dates[static_cast<size_t>(run)], 3 * run);
      EXPECT_LT(dates[static_cast<size_t>(run)], 3 * run + 3);
    }
    first.insert(dates[0]);
  }
  EXPECT_EQ(first.size(), 3u);
}

TEST(PreparedSample, ImagesAreNormalisedByTheTasksContract) {
  const PatternDataset dataset({.classes = 3, .side = 16, .hr_per_pixel = 1});
  const auto setup = set_up_task(small_finetuning("linear", 1), dataset, nullptr);
  const auto sample = dataset.get(2, {});  // class 2
  const auto prepared = prepare_sample(sample, setup, 0, nullptr);
  // Two deviations above the mean, to which normalising brings it back.
  EXPECT_NEAR(prepared.times[0][Modality::kHr]->images.mean().item<double>(), 2, 0.05);
  EXPECT_EQ(prepared.labels[0].item<int64_t>(), 2);
}

TEST(PreparedSample, ASeriesOfMasksGivesEachMaskTheImagesNearestInTime) {
  const PatternOptions patterns{.label = LabelKind::kMaskSeries, .classes = 4, .side = 16, .ms_dates = 2};
  const PatternDataset dataset(patterns);
  auto options = small_finetuning("upernet", 1);
  options.data.dates = {.ms = 9};
  const auto setup = set_up_task(options, dataset, nullptr);
  auto sample = dataset.get(0, {});
  ASSERT_EQ(moments_of(sample, setup), 3);
  auto& images = *sample.images[Modality::kMs];
  for (size_t i = 0; i < 6; ++i) images.dates[i] = Date{2020, static_cast<int>(i / 2) + 1, i % 2 == 0 ? 14 : 17};
  const auto prepared = prepare_sample(sample, setup, 1, nullptr);
  EXPECT_EQ(prepared.times.size(), 1u);
  EXPECT_EQ(prepared.times[0][Modality::kMs]->images.size(0), 2);
  EXPECT_TRUE(at::equal(prepared.labels[0], sample.label[1]));
  const auto expected = prepared.labels[0].to(torch::kFloat);
  EXPECT_LT(
      (prepared.times[0][Modality::kMs]->images.mean(at::IntArrayRef({0, 1})) - expected).abs().max().item<double>(),
      0.2);

  images.dates[0] = std::nullopt;
  EXPECT_THROW(prepare_sample(sample, setup, 1, nullptr), DataError);
}

TEST(PreparedSample, ChangeOfClassesComparesEachDateWithTheNext) {
  const PatternDataset dataset({.label = LabelKind::kMaskSeries, .classes = 4, .side = 16, .ms_dates = 1});
  const auto setup = set_up_task(small_finetuning("upernet-change", 1), dataset, nullptr);
  const auto sample = dataset.get(0, {});
  ASSERT_EQ(moments_of(sample, setup), 2);
  const auto prepared = prepare_sample(sample, setup, 1, nullptr);
  ASSERT_EQ(prepared.times.size(), 2u);
  for (int64_t time = 0; time < 2; ++time) {
    EXPECT_TRUE(at::equal(prepared.labels[static_cast<size_t>(time)], sample.label[1 + time]));
    const auto& image = prepared.times[static_cast<size_t>(time)][Modality::kMs]->images;
    EXPECT_LT(
        (image.mean(at::IntArrayRef({0, 1})) - sample.label[1 + time].to(torch::kFloat)).abs().max().item<double>(),
        0.3);
  }
}

TEST(PreparedSample, ChangeWantsTwoImages) {
  const PatternDataset dataset({.label = LabelKind::kChangeMask, .side = 16, .ms_dates = 2});
  const auto setup = set_up_task(small_finetuning("bit", 1), dataset, nullptr);
  EXPECT_THROW(prepare_sample(dataset.get(0, {}), setup, 0, nullptr), DataError);
}

TEST(LabelledBatch, ShorterSeriesAndMissingModalitiesArePaddedAsAbsent) {
  const PatternDataset dataset({.label = LabelKind::kMask, .side = 16, .hr_per_pixel = 2, .ms_dates = 3});
  auto options = small_finetuning("fcn", 1);
  options.task.fusion = true;
  options.task.cell = 4;
  options.data.dates = {.ms = 3};
  const auto setup = set_up_task(options, dataset, nullptr);
  EXPECT_EQ(setup.task.output, Modality::kMs);
  EXPECT_EQ(setup.task.pixels_per_output[Modality::kHr], 2);
  std::vector<PreparedSample> samples;
  for (int64_t i = 0; i < 2; ++i) samples.push_back(prepare_sample(dataset.get(i, {}), setup, 0, nullptr));
  auto& series = *samples[1].times[0][Modality::kMs];
  series.images = series.images.narrow(0, 0, 2);
  series.valid = series.valid.narrow(0, 0, 2);
  series.day_of_year = series.day_of_year.narrow(0, 0, 2);
  samples[0].times[0][Modality::kHr] = std::nullopt;
  const auto batch = join_samples(samples, setup, options.task);
  const TaskInput& input = batch.input.times[0];
  EXPECT_TRUE(
      at::equal(input.series[Modality::kMs]->present, torch::tensor({{true, true, true}, {true, true, false}})));
  EXPECT_TRUE(at::equal(input.series[Modality::kHr]->present, torch::tensor({{false}, {true}})));
  EXPECT_EQ(input.grid_height, 4);
  EXPECT_EQ(batch.labels[0].sizes(), (std::vector<int64_t>{2, 16, 16}));
}

TEST(TaskSetup, TheTileIsTheTrainingCropOrElseTheSamplesSide) {
  const PatternDataset dataset({.label = LabelKind::kMask, .side = 24, .hr_per_pixel = 2, .ms_dates = 1});
  auto options = small_finetuning("fcn", 1);
  EXPECT_EQ(set_up_task(options, dataset, nullptr).task.tile, 32);
  options.data.frame.side = 0;
  EXPECT_EQ(set_up_task(options, dataset, nullptr).task.tile, 24);
}

TEST(LabelledBatch, ImagesOfOtherSizesAreRefusedWithTheSettingThatHelps) {
  const PatternDataset small({.side = 16, .hr_per_pixel = 1}), large({.side = 32, .hr_per_pixel = 1});
  const auto options = small_finetuning("linear", 1);
  const auto setup = set_up_task(options, small, nullptr);
  EXPECT_THAT(testing::error_of([&] {
                join_samples({prepare_sample(small.get(0, {}), setup, 0, nullptr),
                              prepare_sample(large.get(0, {}), setup, 0, nullptr)},
                             setup, options.task);
              }),
              ::testing::HasSubstr("data.side"));
}

}  // namespace
}  // namespace skysense
