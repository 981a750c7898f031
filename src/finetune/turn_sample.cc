#include "finetune/turn_sample.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/grid_sampler.h>
#include <ATen/ops/rot90.h>
#include <ATen/ops/stack.h>

#include <cmath>

#include "data/object_moves.h"

namespace skysense {
namespace {

/// Applies a move of rasters to everything of the sample that is one.
template <class Move>
void move_rasters(LabelledSample& sample, Move&& move) {
  for (auto& images : sample.images) {
    if (!images) continue;
    images->series.values = move(images->series.values);
    images->series.valid = move(images->series.valid);
  }
  if (sample.label.defined() && sample.label.dim() >= 2) sample.label = move(sample.label);
}

/// Where each pixel of a raster turned about its middle comes from: columns and rows [H, W], float64, in pixels.
std::pair<torch::Tensor, torch::Tensor> sources(int64_t height, int64_t width, double angle) {
  const double c = std::cos(angle), s = std::sin(angle);
  const auto x = (at::arange(width, at::kDouble) + 0.5 - static_cast<double>(width) / 2).unsqueeze(0),
             y = (at::arange(height, at::kDouble) + 0.5 - static_cast<double>(height) / 2).unsqueeze(1);
  return {x * c + y * s + static_cast<double>(width) / 2, y * c - x * s + static_cast<double>(height) / 2};
}

/// values [T, C, H, W] and valid [T, H, W] turned.
void turn_images(ImageSeries& series, double angle) {
  const int64_t dates = series.values.size(0), height = series.values.size(2), width = series.values.size(3);
  const auto [x, y] = sources(height, width, angle);
  const auto grid =
      at::stack({x * (2.0 / static_cast<double>(width)) - 1, y * (2.0 / static_cast<double>(height)) - 1}, -1)
          .to(at::kFloat)
          .unsqueeze(0)
          .expand({dates, height, width, 2});
  constexpr int64_t kBilinear = 0, kZeros = 0;
  const auto sample = [&](const torch::Tensor& image) {
    return at::grid_sampler(image, grid, kBilinear, kZeros, /*align_corners=*/false);
  };
  const auto invalid = series.valid.logical_not().unsqueeze(1);
  const auto weights = sample(series.valid.unsqueeze(1).to(at::kFloat));
  const auto values = sample(series.values.masked_fill(invalid, 0));
  const auto valid = weights.ge(0.5);
  series.values = (values / weights.clamp_min(1e-6)).masked_fill(valid.logical_not(), 0);
  series.valid = valid.squeeze(1);
  series.part.reset();
}

/// label [.., H, W] by the nearest pixel; -1 from beyond.
torch::Tensor turned_label(const torch::Tensor& label, double angle) {
  const int64_t height = label.size(-2), width = label.size(-1);
  const auto [x, y] = sources(height, width, angle);
  const auto column = x.floor().to(at::kLong), row = y.floor().to(at::kLong);
  const auto inside = column.ge(0).logical_and(column.lt(width)).logical_and(row.ge(0)).logical_and(row.lt(height));
  const auto from = (row.clamp(0, height - 1) * width + column.clamp(0, width - 1)).flatten();
  return label.flatten(-2).index_select(-1, from).view(label.sizes()).masked_fill(inside.logical_not(), -1);
}

}  // namespace

void mirror_sample(LabelledSample& sample, const RasterSize& frame, int64_t dimension) {
  move_rasters(sample, [&](const torch::Tensor& raster) { return raster.flip(dimension); });
  if (!sample.objects) return;
  move_objects(*sample.objects, dimension == -1 ? mirror_columns(static_cast<double>(frame.width))
                                                : mirror_rows(static_cast<double>(frame.height)));
}

void turn_sample_quarters(LabelledSample& sample, const RasterSize& frame, int64_t quarters) {
  move_rasters(sample, [&](const torch::Tensor& raster) { return at::rot90(raster, quarters, {-2, -1}); });
  if (!sample.objects) return;
  move_objects(*sample.objects,
               turn_quarters(quarters, static_cast<double>(frame.width), static_cast<double>(frame.height)));
}

void turn_sample(LabelledSample& sample, const RasterSize& frame, double angle, bool oriented) {
  for (auto& images : sample.images) {
    if (images) turn_images(images->series, angle);
  }
  if (sample.label.defined() && sample.label.dim() >= 2) sample.label = turned_label(sample.label, angle);
  if (!sample.objects) return;
  const auto width = static_cast<double>(frame.width), height = static_cast<double>(frame.height);
  move_objects(*sample.objects, turn_about({width / 2, height / 2}, angle));
  if (!oriented) make_upright(*sample.objects);
  constexpr double kFar = 1e9;  // the turned image has no edges of its own that objects would be cut by
  sample.objects =
      objects_in(*sample.objects, {0, 0, width, height}, {-kFar, -kFar, kFar, kFar}, {.upright = !oriented});
}

}  // namespace skysense
