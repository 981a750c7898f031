#include "finetune/frame.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/full.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "core/error.h"
#include "data/crop.h"
#include "data/object_moves.h"

namespace skysense {
namespace {

/// One axis of a frame.
struct Span {
  int64_t places = 1;  ///< where the window may begin: multiples of the step
  int64_t length = 0;  ///< of the window
  int64_t scaled = 0, padded = 0;
};

int64_t whole_steps(double length, int64_t step) {
  return std::max<int64_t>(1, std::llround(length / static_cast<double>(step))) * step;
}

Span span_of(int64_t extent, int64_t step, int64_t side, double factor) {
  const int64_t scaled = whole_steps(static_cast<double>(extent) * factor, step);
  if (side == 0) return {1, extent, scaled, scaled};
  if (scaled <= side) return {1, extent, scaled, side};
  const int64_t length = std::min(extent, whole_steps(static_cast<double>(side) / factor, step));
  return {(extent - length) / step + 1, length, side, side};
}

/// Both axes; `place` chooses among a number of places.
template <class Place>
Frame make_frame(const FrameGrid& grid, const FrameOptions& options, double scale, Place place) {
  if (options.side % grid.step_x != 0 || options.side % grid.step_y != 0) {
    throw UsageError(
        fmt::format("{}: frames of {} pixels a side are not of whole pixels of all its rasters; a multiple "
                    "of {} is",
                    grid.name, options.side, std::lcm(grid.step_x, grid.step_y)));
  }
  const auto shorter = static_cast<double>(std::min(grid.extent.width, grid.extent.height));
  const double factor = scale * (options.resize > 0 ? static_cast<double>(options.resize) / shorter : 1);
  const Span x = span_of(grid.extent.width, grid.step_x, options.side, factor),
             y = span_of(grid.extent.height, grid.step_y, options.side, factor);
  const int64_t left = place(x.places) * grid.step_x, top = place(y.places) * grid.step_y;
  return {{left, top, x.length, y.length}, {x.scaled, y.scaled}, {x.padded, y.padded}};
}

/// `length` pixels of the extent in those of a raster that has `raster` for `extent` of them.
int64_t in_raster(int64_t length, int64_t raster, int64_t extent) { return length * raster / extent; }

RasterSize in_raster(const RasterSize& length, const RasterSize& raster, const PixelWindow& window) {
  return {in_raster(length.width, raster.width, window.width), in_raster(length.height, raster.height, window.height)};
}

torch::Tensor padded(const torch::Tensor& image, const RasterSize& size, const torch::Scalar& value) {
  auto shape = image.sizes().vec();
  const int64_t height = shape.end()[-2], width = shape.end()[-1];
  if (height == size.height && width == size.width) return image;
  shape.end()[-2] = size.height;
  shape.end()[-1] = size.width;
  auto whole = at::full(shape, value, image.options());
  whole.narrow(-2, 0, height).narrow(-1, 0, width).copy_(image);
  return whole;
}

/// Of each of `to` pixels the one of `from` that its centre lies in.
torch::Tensor nearest(int64_t from, int64_t to) {
  return ((2 * at::arange(to, at::kLong) + 1) * from).div(2 * to, "floor");
}

void fit_images(DatedImages& images, const Frame& frame) {
  ImageSeries series = images.series;
  series.part.reset();
  const RasterSize own = series.whole_size();
  const RasterSize scaled = in_raster(frame.scaled, own, frame.window),
                   whole = in_raster(frame.padded, own, frame.window);
  const PixelBox box{0, 0, static_cast<double>(own.width), static_cast<double>(own.height)};
  series = crop_series(series, box, scaled);
  images.series = {padded(series.values, whole, 0), padded(series.valid, whole, false), series.day_of_year};
}

}  // namespace

void FrameOptions::describe(OptionFields& fields) {
  fields("side", side, "side of the square that the network gets, pixels of the labels (scenes: of the images); 0: all")
      .at_least(0);
  fields("resize", resize, "length to which a sample's shorter side is brought first; 0: it stays").at_least(0);
}

FrameGrid frame_grid(const LabelledDataset& dataset, int64_t number, const PerModality<bool>& modalities) {
  FrameGrid grid{dataset.extent(number), 1, 1, dataset.entry(number).name};
  const auto sizes = dataset.image_sizes(number);
  for (const Modality modality : kModalities) {
    if (!modalities[modality] || !sizes[modality]) continue;
    const auto step = [](int64_t extent, int64_t raster) { return extent / std::gcd(extent, raster); };
    grid.step_x = std::lcm(grid.step_x, step(grid.extent.width, sizes[modality]->width));
    grid.step_y = std::lcm(grid.step_y, step(grid.extent.height, sizes[modality]->height));
  }
  return grid;
}

Frame middle_frame(const FrameGrid& grid, const FrameOptions& options, double scale) {
  return make_frame(grid, options, scale, [](int64_t places) { return (places - 1) / 2; });
}

Frame random_frame(const FrameGrid& grid, const FrameOptions& options, double scale, RandomStream& stream) {
  return make_frame(grid, options, scale, [&](int64_t places) { return stream.below(places); });
}

void fit_to_frame(LabelledSample& sample, const Frame& frame) {
  if (sample.objects) {
    const auto ratio = [](int64_t to, int64_t from) { return static_cast<double>(to) / static_cast<double>(from); };
    move_objects(*sample.objects, scale_by(ratio(frame.scaled.width, frame.window.width),
                                           ratio(frame.scaled.height, frame.window.height)));
  }
  for (auto& images : sample.images) {
    if (images) fit_images(*images, frame);
  }
  if (!sample.label.defined() || sample.label.dim() < 2) return;  // of the whole scene
  auto label = sample.label;
  if (label.size(-1) != frame.scaled.width) label = label.index_select(-1, nearest(label.size(-1), frame.scaled.width));
  if (label.size(-2) != frame.scaled.height)
    label = label.index_select(-2, nearest(label.size(-2), frame.scaled.height));
  sample.label = padded(label, frame.padded, -1);
}

LabelledSample read_middle(const LabelledDataset& dataset, int64_t number, const FrameOptions& options,
                           const PerModality<bool>& modalities) {
  const Frame frame = middle_frame(frame_grid(dataset, number, modalities), options);
  LabelledSample sample = dataset.get(number, {.window = frame.window, .modalities = modalities});
  fit_to_frame(sample, frame);
  return sample;
}

}  // namespace skysense
