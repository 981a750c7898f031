#include "finetune/augment.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>

#include "core/error.h"
#include "ground_samples.h"

namespace skysense {
namespace {

using testing::GroundSamples;
using testing::ks_distance;

constexpr PerModality<bool> kBoth = {{true, true, false}};
const TaskAugmentOptions kNothing = {.horizontal_flip = 0, .vertical_flip = 0};

/// The KS distance that a thousandth of all draws of `count` values exceeds.
double critical_distance(int64_t count) { return 1.95 / std::sqrt(static_cast<double>(count)); }

LabelledSample drawn(const GroundSamples& dataset, int64_t side, const TaskAugmentOptions& augment, uint64_t number,
                     uint64_t epoch = 0) {
  return read_augmented(dataset, 0, {.side = side}, augment, kBoth, {.seed = 3, .epoch = epoch, .sample = number});
}

/// The largest distance, in label pixels, between the ground that images and labels show at the same place; pixels at
/// the border of a magnified window see beyond it and are left out.
double misalignment(const LabelledSample& sample, int64_t extent_width, int64_t margin) {
  double worst = 0;
  const auto label_x = (sample.label % extent_width).to(torch::kFloat64) + 0.5,
             label_y = sample.label.div(extent_width, "floor").to(torch::kFloat64) + 0.5;
  const int64_t side = sample.label.size(0), inner = side - 2 * margin;
  for (const Modality modality : {Modality::kHr, Modality::kMs}) {
    const auto& values = sample.images[modality]->series.values;
    const int64_t finer = values.size(3) / side;
    for (int64_t date = 0; date < 2; ++date) {
      for (int64_t axis = 0; axis < 2; ++axis) {
        const auto ground = values[date][axis].view({side, finer, side, finer}).mean(torch::IntArrayRef{1, 3});
        const auto difference = ground.sub(axis == 0 ? label_x : label_y).abs();
        worst = std::max(worst, difference.narrow(0, margin, inner).narrow(1, margin, inner).max().item<double>());
      }
    }
  }
  return worst;
}

TEST(TaskAugmentation, CropsAndFlipsMoveModalitiesDatesAndLabelsTogether) {
  const GroundSamples dataset({40, 30}, 4);
  TaskAugmentOptions flips;
  flips.horizontal_flip = flips.vertical_flip = 0.5;
  std::set<std::pair<bool, bool>> seen;
  for (uint64_t number = 0; number < 20; ++number) {
    const LabelledSample sample = drawn(dataset, 12, flips, number);
    ASSERT_EQ(sample.images[Modality::kHr]->series.values.sizes(), (torch::IntArrayRef{2, 3, 48, 48}));
    EXPECT_LT(misalignment(sample, 40, 0), 1e-4);
    const auto corner = sample.label[0][0].item<int64_t>();
    seen.insert({sample.label[0][1].item<int64_t>() < corner, sample.label[1][0].item<int64_t>() < corner});
  }
  EXPECT_EQ(seen.size(), 4U);  // each of the four orientations occurs
}

TEST(TaskAugmentation, ScalingKeepsModalitiesAndLabelsOverTheSameGroundAndLabelsWhole) {
  const GroundSamples dataset({96, 96}, 2);
  TaskAugmentOptions scaling = kNothing;
  scaling.min_scale = 0.5;
  scaling.max_scale = 2;
  for (uint64_t number = 0; number < 20; ++number) {
    const LabelledSample sample = drawn(dataset, 32, scaling, number);
    ASSERT_EQ(sample.label.scalar_type(), torch::kInt64);
    // The nearest label lies within half a label pixel, where shrunk two pixels meet within one.
    EXPECT_LT(misalignment(sample, 96, 2), 1.0) << number;
  }
}

TEST(TaskAugmentation, ASampleSmallerThanTheFrameIsPaddedWithWhatIsIgnored) {
  const GroundSamples dataset({10, 20}, 2);
  const LabelledSample sample = drawn(dataset, 16, kNothing, 0);
  ASSERT_EQ(sample.label.sizes(), (torch::IntArrayRef{16, 16}));
  EXPECT_TRUE((sample.label.narrow(1, 0, 10) >= 0).all().item<bool>());
  EXPECT_TRUE((sample.label.narrow(1, 10, 6) == -1).all().item<bool>());
  const ImageSeries& hr = sample.images[Modality::kHr]->series;
  EXPECT_TRUE(hr.valid.narrow(2, 0, 20).all().item<bool>());
  EXPECT_FALSE(hr.valid.narrow(2, 20, 12).any().item<bool>());
  EXPECT_FALSE(hr.values.narrow(3, 20, 12).any().item<bool>());
}

TEST(TaskAugmentation, FramesAreOfWholePixelsOfTheCoarsestRaster) {
  /// Labels on HR's grid, MS four times coarser.
  class Coarse : public GroundSamples {
   public:
    Coarse() : GroundSamples({64, 64}, 1) {}
    PerModality<std::optional<RasterSize>> image_sizes(int64_t) const override {
      PerModality<std::optional<RasterSize>> sizes;
      sizes[Modality::kHr] = RasterSize{64, 64};
      sizes[Modality::kMs] = RasterSize{16, 16};
      return sizes;
    }
  } const dataset;
  RandomStream stream(1);
  const FrameGrid grid = frame_grid(dataset, 0, kBoth);
  EXPECT_EQ(grid.step_x, 4);
  std::set<int64_t> corners;
  for (int draw = 0; draw < 200; ++draw) {
    const Frame frame = random_frame(grid, {.side = 24}, stream.uniform(0.5, 2), stream);
    for (const int64_t length : {frame.window.x, frame.window.y, frame.window.width, frame.window.height,
                                 frame.scaled.width, frame.scaled.height, frame.padded.width})
      EXPECT_EQ(length % 4, 0);
    EXPECT_LE(frame.window.x + frame.window.width, 64);
    corners.insert(frame.window.x);
  }
  EXPECT_GT(corners.size(), 8U);
  EXPECT_THROW(middle_frame(grid, {.side = 30}), UsageError);
  EXPECT_EQ(frame_grid(dataset, 0, {{true, false, false}}).step_x, 1);  // MS is not asked for
}

TEST(TaskAugmentation, OnlyTheFramesPixelsAreReadAndEvaluationSeesTheMiddle) {
  const GroundSamples dataset({40, 30}, 4);
  const LabelledSample middle = read_middle(dataset, 0, {.side = 10}, kBoth);
  EXPECT_EQ(middle.label[0][0].item<int64_t>(), 10 * 40 + 15);
  const LabelledSample resized = read_middle(dataset, 0, {.side = 10, .resize = 15}, kBoth);
  EXPECT_EQ(resized.label.sizes(), (torch::IntArrayRef{10, 10}));
  EXPECT_THAT(dataset.windows, ::testing::ElementsAre(PixelWindow{15, 10, 10, 10}, PixelWindow{10, 5, 20, 20}));
  const LabelledSample whole = read_middle(dataset, 0, {}, kBoth);
  EXPECT_EQ(whole.label.sizes(), (torch::IntArrayRef{30, 40}));
}

TEST(TaskAugmentation, DependsOnSeedEpochAndSampleAlone) {
  const GroundSamples dataset({64, 64}, 1);
  const TaskAugmentOptions all = {.min_scale = 0.5, .max_scale = 2, .erase_chance = 0.5};
  int differing = 0;
  for (uint64_t number = 0; number < 10; ++number) {
    const LabelledSample first = drawn(dataset, 32, all, number), again = drawn(dataset, 32, all, number),
                         later = drawn(dataset, 32, all, number, 1);
    EXPECT_TRUE(torch::equal(first.label, again.label));
    EXPECT_TRUE(torch::equal(first.images[Modality::kMs]->series.values, again.images[Modality::kMs]->series.values));
    differing += torch::equal(first.label, later.label) ? 0 : 1;
  }
  EXPECT_EQ(differing, 10);
}

TEST(TaskAugmentation, ScalesAndPlacesAreUniform) {
  GroundSamples dataset({20000, 20000}, 1);
  dataset.label = [](const PixelWindow&) { return torch::Tensor(); };  // only the windows count
  TaskAugmentOptions scaling = kNothing;
  scaling.min_scale = 0.5;
  scaling.max_scale = 2;
  std::vector<double> scales, places;
  for (uint64_t number = 0; number < 2000; ++number) {
    read_augmented(dataset, 0, {.side = 4096}, scaling, {}, {.seed = 5, .sample = number});
    const PixelWindow& window = dataset.windows.back();
    scales.push_back(4096.0 / static_cast<double>(window.width));
    places.push_back(static_cast<double>(window.x) / static_cast<double>(20000 - window.width));
  }
  EXPECT_LT(ks_distance(scales, [](double s) { return (s - 0.5) / 1.5; }), critical_distance(2000));
  EXPECT_LT(ks_distance(places, [](double p) { return p; }), critical_distance(2000));
  for (double& scale : scales) scale = 1 / scale;  // the test can tell a scale from its inverse
  EXPECT_GT(ks_distance(scales, [](double s) { return (s - 0.5) / 1.5; }), critical_distance(2000));
}

TEST(TaskAugmentation, ACropOfNearlyOneClassIsDrawnAgain) {
  GroundSamples dataset({64, 16}, 1);
  // Class 1 in the eight columns at the right, 0 elsewhere.
  dataset.label = [](const PixelWindow& window) {
    const auto columns = torch::arange(window.x, window.x + window.width);
    return (columns >= 56).to(torch::kInt64).expand({window.height, window.width}).contiguous();
  };
  const auto crops_with_both = [&](double ratio) {
    TaskAugmentOptions options = kNothing;
    options.category_ratio = ratio;
    int both = 0;
    for (uint64_t number = 0; number < 100; ++number) {
      const LabelledSample sample = drawn(dataset, 16, options, number);
      const auto share = sample.label.to(torch::kFloat64).mean().item<double>();
      both += share > 0.25 && share < 0.75 ? 1 : 0;
    }
    return both;
  };
  const int without = crops_with_both(1), with = crops_with_both(0.75);
  EXPECT_LT(without, 20);  // 4 of 49 places: 8%
  EXPECT_GT(with, 40);     // 1 - (45/49)^10: 57%
}

TEST(TaskAugmentation, ErasingGivesTheMeanOfTheBandOverTheSameGroundOfAllModalities) {
  const GroundSamples dataset({32, 32}, 4);
  TaskAugmentOptions erasing = kNothing;
  erasing.erase_chance = 1;
  const LabelledSample sample = drawn(dataset, 32, erasing, 1);
  const auto hr = sample.images[Modality::kHr]->series.values, ms = sample.images[Modality::kMs]->series.values;
  const auto hole = ms[0][0] == -7;
  EXPECT_GT(hole.sum().item<int64_t>(), 0.02 * 32 * 32);
  for (int64_t band = 0; band < 3; ++band) {
    for (int64_t date = 0; date < 2; ++date) {
      EXPECT_TRUE(torch::equal(ms[date][band] == -7 - band, hole));
      EXPECT_TRUE(torch::equal(hr[date][band] == -7 - band, hole.repeat_interleave(4, 0).repeat_interleave(4, 1)));
    }
  }
  EXPECT_TRUE(torch::equal(sample.label, dataset.get(0).label));  // labels stay
  EXPECT_TRUE(sample.images[Modality::kMs]->series.valid.all().item<bool>());
}

}  // namespace
}  // namespace skysense
