#include "infer/scene_picture.h"

#include <ATen/ops/avg_pool2d.h>

#include <algorithm>

#include "infer/place_picture.h"

namespace skysense {
namespace {

constexpr int64_t kPieceCells = 512;  // read at once, about

/// Means over squares of `factor` pixels of values [C, h, w] where they are valid [h, w].
std::pair<torch::Tensor, torch::Tensor> reduced(const torch::Tensor& values, const torch::Tensor& valid,
                                                int64_t factor) {
  const auto share = at::avg_pool2d(valid.to(torch::kFloat).unsqueeze(0), {factor, factor}).squeeze(0);
  const auto sum = at::avg_pool2d(values * valid, {factor, factor});
  return {sum / share.clamp_min(1e-6), share > 0};
}

}  // namespace

ScenePicture scene_picture(const TaskScenes& scenes, int64_t side) {
  const c10::InferenceMode inference;
  const PixelWindow& area = scenes.area();
  const CellGrid& grid = scenes.scene().grid();
  const int64_t pixels = scenes.raster_pixels();
  // Whole cells make a pixel of the picture.
  const CellWindow cells = grid.covering(area);
  const int64_t per_pixel = std::max<int64_t>(1, ceil_divide(std::max(cells.rows, cells.columns), side));
  const int64_t height = ceil_divide(cells.rows, per_pixel), width = ceil_divide(cells.columns, per_pixel);
  const int64_t step = std::max<int64_t>(1, kPieceCells / per_pixel);
  const auto reader = scenes.reader();
  const Modality shown = scenes.product().task.output;
  torch::Tensor values, valid = torch::zeros({height, width}, torch::kBool);
  for (int64_t top = 0; top < height; top += step) {
    for (int64_t left = 0; left < width; left += step) {
      const int64_t rows = std::min(step, height - top), columns = std::min(step, width - left);
      const Region region = reader->read(
          {cells.row + top * per_pixel, cells.column + left * per_pixel, rows * per_pixel, columns * per_pixel});
      const auto& series = *region.front()[shown];
      const auto [mean, known] = reduced(series.values[0], series.valid[0], per_pixel * pixels);
      if (!values.defined()) values = torch::zeros({mean.size(0), height, width});
      values.narrow(1, top, rows).narrow(2, left, columns).copy_(mean);
      valid.narrow(0, top, rows).narrow(1, left, columns).copy_(known);
    }
  }
  const ImageSeries image{values.unsqueeze(0), valid.unsqueeze(0), torch::zeros({1}, torch::kInt64)};
  const PixelWindow corner = grid.pixels_of(cells);
  return {image_picture(image, 0, *scenes.product().contracts[shown]),
          per_pixel * pixels,
          {static_cast<double>(corner.x), static_cast<double>(corner.y)}};
}

}  // namespace skysense
