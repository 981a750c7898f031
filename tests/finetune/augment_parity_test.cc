#include <gtest/gtest.h>

#include <cmath>

#include "data/normalise.h"
#include "finetune/augment.h"
#include "ground_samples.h"
#include "testing/all_close.h"
#include "testing/fixture.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::Fixture;
using testing::ks_distance;

/// As python/parity/task_augmentation.py has it.
SensorContract contract() {
  SensorContract contract;
  contract.name = "fixture";
  contract.modality = Modality::kHr;
  contract.bands = {{.name = "a", .mean = 0.4F, .std = 0.2F},
                    {.name = "b", .mean = 0.1F, .std = 0.3F},
                    {.name = "c", .mean = 0.7F, .std = 0.5F}};
  return contract;
}

DatasetDescription description() {
  DatasetDescription description;
  description.classes = {"0", "1", "2", "3", "4"};
  description.sensors[Modality::kHr] = contract();
  return description;
}

LabelledSample sample_of(const torch::Tensor& values, const torch::Tensor& valid) {
  LabelledSample sample;
  const auto dates = values.size(0);
  sample.images[Modality::kHr] = DatedImages{{values, valid, torch::ones({dates}, torch::kInt64)},
                                             std::vector<std::optional<Date>>(static_cast<size_t>(dates)),
                                             {}};
  return sample;
}

torch::Tensor normalised(const LabelledSample& sample) {
  const ImageSeries& series = sample.images[Modality::kHr]->series;
  return normalise(series.values, series.valid.unsqueeze(1).expand_as(series.values).select(1, 0), contract());
}

RasterSize size_of(const torch::Tensor& height_and_width) {
  return {height_and_width[1].item<int64_t>(), height_and_width[0].item<int64_t>()};
}

/// Both sets come from the same distribution: the distance that a thousandth of all pairs of such sets exceeds.
void expect_same_distribution(const std::vector<double>& a, const std::vector<double>& b) {
  const double count = static_cast<double>(a.size() * b.size()) / static_cast<double>(a.size() + b.size());
  EXPECT_LT(ks_distance(a, b), 1.95 / std::sqrt(count));
}

TEST(TaskAugmentationParity, FramesAreTorchsAntialiasedBilinearAndNearestExact) {
  for (const char* name : {"frame_larger", "frame_smaller", "frame_padded"}) {
    const Fixture fixture(name);
    const auto label = fixture["label"];
    LabelledSample sample = sample_of(fixture["values"], fixture["valid"].to(torch::kBool));
    sample.label = label;
    fit_to_frame(sample,
                 {{0, 0, label.size(1), label.size(0)}, size_of(fixture["scaled"]), size_of(fixture["padded"])});
    const ImageSeries& series = sample.images[Modality::kHr]->series;
    EXPECT_TRUE(torch::equal(series.valid, fixture["framed_valid"].to(torch::kBool))) << name;
    EXPECT_TRUE(all_close(series.values, fixture["framed_values"], 1e-4, 1e-5)) << name;
    EXPECT_TRUE(torch::equal(sample.label, fixture["framed_label"])) << name;
  }
}

TEST(TaskAugmentationParity, AnErasedRectangleIsTorchvisionsWithZerosAfterNormalisation) {
  const Fixture fixture("erasing");
  LabelledSample sample = sample_of(fixture["values"], fixture["valid"].to(torch::kBool));
  const auto box = fixture["rectangle"];
  erase(sample, {box[0].item<int64_t>(), box[1].item<int64_t>(), box[2].item<int64_t>(), box[3].item<int64_t>()},
        {17, 21}, description().sensors);
  EXPECT_TRUE(all_close(normalised(sample), fixture["normalised"], 1e-5, 1e-6));
}

TEST(TaskAugmentationParity, ErasedRectanglesAreDistributedAsTorchvisions) {
  const auto expected = Fixture("erased_rectangles")["rectangles"];
  std::vector<double> areas[2], aspects[2], tops[2];
  const auto add = [&](int set, int64_t top, int64_t height, int64_t width) {
    areas[set].push_back(static_cast<double>(height * width));
    aspects[set].push_back(static_cast<double>(height) / static_cast<double>(width));
    tops[set].push_back(static_cast<double>(top));
  };
  for (int64_t i = 0; i < expected.size(0); ++i)
    add(0, expected[i][0].item<int64_t>(), expected[i][2].item<int64_t>(), expected[i][3].item<int64_t>());
  const TaskAugmentOptions options = {.erase_chance = 1};
  for (int64_t i = 0; i < expected.size(0); ++i) {
    RandomStream stream(11, 0, static_cast<uint64_t>(i), "erasing");
    const PixelWindow drawn = draw_erased({320, 320}, options, stream);
    ASSERT_GT(drawn.pixels(), 0);
    add(1, drawn.y, drawn.height, drawn.width);
  }
  expect_same_distribution(areas[1], areas[0]);
  expect_same_distribution(aspects[1], aspects[0]);
  expect_same_distribution(tops[1], tops[0]);
}

TEST(TaskAugmentationParity, MixedSeriesAreTorchvisionsMixup) {
  const Fixture fixture("mixing");
  LabelledSample a = sample_of(fixture["a.values"], fixture["a.valid"].to(torch::kBool)),
                 b = sample_of(fixture["b.values"], fixture["b.valid"].to(torch::kBool));
  a.label = fixture["labels"][0];
  b.label = fixture["labels"][1];
  mix_samples(a, b, fixture["share"].item<double>(), description());
  EXPECT_TRUE(all_close(normalised(a), fixture["mixed"], 1e-5, 1e-5));
  EXPECT_TRUE(all_close(a.label, fixture["soft"]));
  EXPECT_EQ(a.images[Modality::kHr]->dates.size(), 4U);
}

TEST(TaskAugmentationParity, SharesAreDistributedAsTorchsBeta) {
  const auto betas = Fixture("mixing")["betas"].to(torch::kFloat64);
  std::vector<double> expected(betas.data_ptr<double>(), betas.data_ptr<double>() + betas.numel()), shares;
  for (uint64_t number = 0; number < expected.size(); ++number)
    shares.push_back(draw_mixing({.chance = 1}, 100, {.seed = 2, .sample = number})->share);
  expect_same_distribution(shares, expected);
}

}  // namespace
}  // namespace skysense
