#include "finetune/turn_sample.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <utility>

#include "core/random.h"
#include "finetune/augment.h"
#include "testing/all_close.h"

namespace skysense {
namespace {

constexpr int64_t kSide = 96;
constexpr double kPi = std::numbers::pi;

/// 1 within a box, 0 outside, with edges as soft as a pixel: [height, width].
torch::Tensor drawn(const OrientedBox& box, int64_t height, int64_t width) {
  const auto x = (torch::arange(width, torch::kFloat64) + 0.5 - box.x).unsqueeze(0),
             y = (torch::arange(height, torch::kFloat64) + 0.5 - box.y).unsqueeze(1);
  const double c = std::cos(box.angle), s = std::sin(box.angle);
  const auto along = (box.width / 2 - (x * c + y * s).abs() + 0.5).clamp(0, 1),
             across = (box.height / 2 - (y * c - x * s).abs() + 0.5).clamp(0, 1);
  return (along * across).to(torch::kFloat32);
}

/// The box in an image of two pixels a label pixel.
OrientedBox at_two_pixels(OrientedBox box) {
  for (double* length : {&box.x, &box.y, &box.width, &box.height}) *length *= 2;
  return box;
}

/// An image of a few objects, one plane a band and object, at two pixels a label pixel, with the map of the objects.
LabelledSample picture_of(const ObjectLabels& objects, int64_t height = kSide, int64_t width = kSide) {
  LabelledSample sample;
  std::vector<torch::Tensor> planes;
  auto label = torch::zeros({height, width}, torch::kInt64);
  for (size_t i = 0; i < objects.boxes.size(); ++i) {
    planes.push_back(drawn(at_two_pixels(objects.boxes[i]), 2 * height, 2 * width));
    label.masked_fill_(drawn(objects.boxes[i], height, width).ge(0.5), static_cast<int64_t>(i) + 1);
  }
  DatedImages images;
  images.series.values = torch::stack(planes).unsqueeze(0);
  images.series.valid = torch::ones({1, 2 * height, 2 * width}, torch::kBool);
  images.series.day_of_year = torch::zeros({1}, torch::kInt64);
  sample.images[Modality::kHr] = images;
  sample.label = label;
  sample.objects = objects;
  return sample;
}

ObjectLabels some_objects() {
  ObjectLabels objects;
  objects.add(normalised({40, 45, 30, 10, 0.4}), 0, false);
  objects.add(normalised({60, 50, 12, 8, -1.2}), 1, false);
  objects.add(normalised({50, 62, 20, 20, 0.2}), 2, true);
  return objects;
}

/// What the objects of the sample look like is what its image shows.
void expect_drawn(const LabelledSample& sample, double tolerance) {
  const auto& values = sample.images[Modality::kHr]->series.values;
  const LabelledSample again = picture_of(*sample.objects, values.size(2) / 2, values.size(3) / 2);
  const auto difference = (again.images[Modality::kHr]->series.values - values).abs();
  EXPECT_LT(difference.mean().item<double>(), tolerance);
  EXPECT_LT(again.label.ne(sample.label).logical_and(sample.label.ge(0)).to(torch::kFloat64).mean().item<double>(),
            10 * tolerance);
}

TEST(TurnSample, MirroredAndTurnedByQuartersIsDrawnMirroredAndTurned) {
  for (const int64_t dimension : {-1, -2}) {
    LabelledSample sample = picture_of(some_objects());
    mirror_sample(sample, {kSide, kSide}, dimension);
    expect_drawn(sample, 1e-6);
  }
  for (int64_t quarters = 0; quarters < 4; ++quarters) {
    LabelledSample sample = picture_of(some_objects(), kSide, kSide + 10);
    turn_sample_quarters(sample, {kSide + 10, kSide}, quarters);
    EXPECT_EQ(sample.label.size(0), quarters % 2 == 0 ? kSide : kSide + 10);
    expect_drawn(sample, 1e-6);
  }
}

TEST(TurnSample, TurnedFreelyIsDrawnTurned) {
  RandomStream stream(1, 0, 0, "angles");
  for (int i = 0; i < 10; ++i) {
    LabelledSample sample = picture_of(some_objects());
    turn_sample(sample, {kSide, kSide}, stream.uniform(-kPi, kPi), true);
    ASSERT_EQ(sample.objects->size(), 3);
    expect_drawn(sample, 2e-3);  // bilinear edges
  }
}

TEST(TurnSample, AQuarterFreelyIsTheQuarterExactly) {
  LabelledSample freely = picture_of(some_objects()), by_quarter = picture_of(some_objects());
  turn_sample(freely, {kSide, kSide}, -kPi / 2, true);
  turn_sample_quarters(by_quarter, {kSide, kSide}, 1);
  EXPECT_TRUE(testing::all_close(freely.images[Modality::kHr]->series.values,
                                 by_quarter.images[Modality::kHr]->series.values, 1e-4, 1e-4));
  EXPECT_TRUE(torch::equal(freely.label, by_quarter.label));
  for (size_t i = 0; i < 3; ++i) EXPECT_NEAR(freely.objects->boxes[i].x, by_quarter.objects->boxes[i].x, 1e-9);
}

TEST(TurnSample, WhatComesFromBeyondIsInvalidAndUnlabelled) {
  LabelledSample sample = picture_of(some_objects());
  turn_sample(sample, {kSide, kSide}, kPi / 4, true);
  const auto& series = sample.images[Modality::kHr]->series;
  EXPECT_FALSE(series.valid[0][0][0].item<bool>());
  EXPECT_TRUE(series.valid[0][kSide][kSide].item<bool>());
  EXPECT_EQ(sample.label[0][0].item<int64_t>(), -1);
  EXPECT_EQ(series.values.masked_select(series.valid.logical_not().unsqueeze(1)).abs().sum().item<double>(), 0);
}

TEST(TurnSample, ObjectsThatLeaveTheFrameAreIgnoredOrLeftOut) {
  ObjectLabels objects;
  objects.add({8, 8, 10, 10, 0}, 0, false);    // in the corner, which half a quarter turns out of the frame
  objects.add({48, 14, 10, 10, 0}, 1, false);  // near an edge: stays
  objects.add({16, 16, 12, 12, 0}, 2, false);  // in part
  LabelledSample sample = picture_of(objects);
  turn_sample(sample, {kSide, kSide}, kPi / 4, true);
  for (size_t i = 0; i < sample.objects->boxes.size(); ++i) {
    const BoxCorners corners = sample.objects->boxes[i].corners();
    const double share = area_inside(corners, {0, 0, kSide, kSide}) / sample.objects->boxes[i].area();
    EXPECT_GT(share, 0);
    EXPECT_EQ(sample.objects->ignored[i], share < 0.7 ? 1 : 0);
  }
  EXPECT_EQ(sample.objects->classes.front(), 1);
}

TEST(TurnSample, UprightBoxesBecomeTheUprightBoundsOfTheTurnedOnes) {
  ObjectLabels objects;
  objects.add({48, 48, 30, 10, 0}, 0, false);
  LabelledSample sample = picture_of(objects);
  turn_sample(sample, {kSide, kSide}, kPi / 6, false);
  const OrientedBox expected{48, 48, 30, 10, kPi / 6};
  const UprightBox rim = sample.objects->boxes[0].bounds();
  EXPECT_NEAR(rim.left, expected.bounds().left, 1e-9);
  EXPECT_NEAR(rim.bottom, expected.bounds().bottom, 1e-9);
}

/// Column and row of the centre of mass of [height, width].
std::pair<double, double> centre_of(const torch::Tensor& mass) {
  const double whole = mass.sum().item<double>();
  return {(mass.sum(0) * (torch::arange(mass.size(1)) + 0.5)).sum().item<double>() / whole,
          (mass.sum(1) * (torch::arange(mass.size(0)) + 0.5)).sum().item<double>() / whole};
}

/// One image with objects on it, of kSide pixels, read by window.
class OnePicture : public LabelledDataset {
 public:
  explicit OnePicture(LabelledSample picture) : picture_(std::move(picture)) {
    description_.name = "picture";
    description_.label = LabelKind::kBoxes;
    description_.oriented = true;
    description_.classes = {"a", "b", "c"};
    SensorContract contract;
    contract.name = "picture";
    contract.modality = Modality::kHr;
    for (int band = 0; band < 3; ++band) contract.bands.push_back({.name = "band"});
    description_.sensors[Modality::kHr] = contract;
  }
  const DatasetDescription& description() const override { return description_; }
  int64_t size() const override { return 1; }
  const SampleEntry& entry(int64_t) const override { return entry_; }
  RasterSize extent(int64_t) const override { return {kSide, kSide}; }
  using LabelledDataset::get;
  LabelledSample get(int64_t, const SampleRequest& request) const override {
    const PixelWindow window = request.window.value_or(PixelWindow{0, 0, kSide, kSide});
    LabelledSample sample = picture_;
    auto& series = sample.images[Modality::kHr]->series;
    series.values = series.values.narrow(2, 2 * window.y, 2 * window.height).narrow(3, 2 * window.x, 2 * window.width);
    series.valid = series.valid.narrow(1, 2 * window.y, 2 * window.height).narrow(2, 2 * window.x, 2 * window.width);
    sample.images[Modality::kHr]->dates = {std::nullopt};
    sample.label = torch::Tensor();
    for (OrientedBox& box : sample.objects->boxes) {
      box.x -= static_cast<double>(window.x);
      box.y -= static_cast<double>(window.y);
    }
    return sample;
  }
  std::vector<std::string> files(int64_t) const override { return {}; }

 private:
  LabelledSample picture_;
  DatasetDescription description_;
  const SampleEntry entry_{"picture", "train", ""};
};

TEST(TurnSample, TheWholeChainOfAugmentationsKeepsBoxesOnTheirObjects) {
  const OnePicture dataset(picture_of(some_objects()));
  const TaskAugmentOptions augment = {.quarter_turn = 0.5, .rotation = 0.5, .min_scale = 0.8, .max_scale = 1.6};
  for (uint64_t number = 0; number < 12; ++number) {
    const LabelledSample sample = read_augmented(dataset, 0, {.side = 64}, augment, {{true, false, false}},
                                                 {.seed = 5, .epoch = 0, .sample = number});
    const auto& series = sample.images[Modality::kHr]->series;
    for (size_t i = 0; i < sample.objects->boxes.size(); ++i) {
      const auto shown = series.values[0][sample.objects->classes[i]].mul(series.valid[0]);
      const auto expected =
          drawn(at_two_pixels(sample.objects->boxes[i]), shown.size(0), shown.size(1)).mul(series.valid[0]);
      const double common = torch::minimum(shown, expected).sum().item<double>(),
                   either = torch::maximum(shown, expected).sum().item<double>();
      if (either < 50) continue;
      EXPECT_GT(common / either, 0.85) << number << " " << i;  // edges are soft
      const auto [x, y] = centre_of(shown);
      const auto [expected_x, expected_y] = centre_of(expected);
      EXPECT_NEAR(x, expected_x, 0.3) << number << " " << i;
      EXPECT_NEAR(y, expected_y, 0.3) << number << " " << i;
    }
  }
}

/// Where each pixel lies in the box, in parts of its sides from its centre: [2, height, width]. Both are linear in the
/// position, so that bilinear interpolation has no error on them, and neither scale nor turn changes more than their
/// signs.
torch::Tensor places_in(const OrientedBox& box, int64_t height, int64_t width) {
  const auto x = (torch::arange(width, torch::kFloat64) + 0.5 - box.x).unsqueeze(0),
             y = (torch::arange(height, torch::kFloat64) + 0.5 - box.y).unsqueeze(1);
  const double c = std::cos(box.angle), s = std::sin(box.angle);
  return torch::stack({(x * c + y * s) / box.width, (y * c - x * s) / box.height}).to(torch::kFloat32);
}

/// places_in of every object, as an image of two pixels a label pixel: [1, 2 * objects, height, width].
torch::Tensor places_in_all(const ObjectLabels& objects, int64_t height, int64_t width) {
  std::vector<torch::Tensor> planes;
  for (const OrientedBox& box : objects.boxes) planes.push_back(places_in(at_two_pixels(box), height, width));
  return torch::cat(planes).unsqueeze(0);
}

/// Pixels whose neighbours, `radius` away, are all valid and in the image: [height, width].
torch::Tensor interior(const torch::Tensor& valid, int64_t radius) {
  const auto outside =
      torch::constant_pad_nd(valid.logical_not().to(torch::kFloat32), {radius, radius, radius, radius}, 1);
  return torch::max_pool2d(outside.unsqueeze(0), 2 * radius + 1, 1)[0].eq(0);
}

/// The largest difference of a pixel's place in a box between what augmented images show and what their boxes say.
double largest_difference(double min_scale, double max_scale) {
  ObjectLabels objects = some_objects();
  objects.boxes[2].width += 2;  // a square has no first side
  LabelledSample picture = picture_of(objects);
  picture.images[Modality::kHr]->series.values = places_in_all(objects, 2 * kSide, 2 * kSide);
  const OnePicture dataset(picture);
  const TaskAugmentOptions augment = {
      .quarter_turn = 0.5, .rotation = 0.5, .min_scale = min_scale, .max_scale = max_scale};
  int64_t compared = 0;
  double largest = 0;
  for (uint64_t number = 0; number < 24; ++number) {
    const LabelledSample sample = read_augmented(dataset, 0, {.side = 64}, augment, {{true, false, false}},
                                                 {.seed = 6, .epoch = 0, .sample = number});
    const auto& series = sample.images[Modality::kHr]->series;
    const auto expected = places_in_all(*sample.objects, series.values.size(2), series.values.size(3));
    const auto inside = interior(series.valid[0], 5);  // there filters take no pixel from beyond an edge
    for (int64_t i = 0; i < sample.objects->size(); ++i) {
      const int64_t shown = sample.objects->classes[static_cast<size_t>(i)];
      const auto difference = (series.values[0].narrow(0, 2 * shown, 2).abs() - expected[0].narrow(0, 2 * i, 2).abs())
                                  .masked_select(inside);
      compared += difference.numel();
      if (difference.numel() > 0) largest = std::max(largest, difference.abs().max().item<double>());
    }
  }
  EXPECT_GT(compared, 100'000);
  return largest;
}

TEST(TurnSample, ScaledMirroredAndTurnedABoxKeepsEachPixelAtItsPlaceWithinIt) {
  EXPECT_LT(largest_difference(1, 2), 1e-4);
  // Antialiasing weighs by whole pixels, as torch's does: a tenth of a pixel.
  EXPECT_LT(largest_difference(0.5, 1), 1e-2);
}

}  // namespace
}  // namespace skysense
