#include "data/crop.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace skysense {
namespace {

constexpr double kSlack = 1e-6;  // pixels

/// The input pixels of each output pixel along one axis, and their weights, which sum to 1.
struct Taps {
  int64_t first = 0, count = 0;  ///< input pixels read by all outputs together
  std::vector<int64_t> start;    ///< per output, counted from `first`
  std::vector<std::vector<float>> weights;
};

Taps triangle_taps(double origin, double length, int64_t outputs, int64_t inputs) {
  Taps taps;
  const double scale = length / static_cast<double>(outputs);  // input pixels an output pixel
  const double support = std::max(1.0, scale);
  std::vector<int64_t> starts;
  for (int64_t out = 0; out < outputs; ++out) {
    const double centre = origin + (static_cast<double>(out) + 0.5) * scale - 0.5;  // in input pixel numbers
    // Pixels beyond the raster do not exist: the filter is cut off there and normalised.
    const int64_t low = std::max<int64_t>(0, static_cast<int64_t>(std::floor(centre - support)) + 1);
    const int64_t high = std::min<int64_t>(inputs - 1, static_cast<int64_t>(std::ceil(centre + support)) - 1);
    std::vector<float> weights;
    double sum = 0;
    for (int64_t in = low; in <= high; ++in) {
      const double weight = 1 - std::abs(static_cast<double>(in) - centre) / support;
      weights.push_back(static_cast<float>(weight));
      sum += weight;
    }
    for (float& weight : weights) weight = static_cast<float>(weight / sum);
    starts.push_back(low);
    taps.weights.push_back(std::move(weights));
  }
  taps.first = starts.front();
  taps.count = starts.back() + static_cast<int64_t>(taps.weights.back().size()) - taps.first;
  for (const int64_t start : starts) taps.start.push_back(start - taps.first);
  return taps;
}

/// Resamples the window [y.count, x.count] of one plane to [y outputs, x outputs].
void resample(const float* window, const Taps& y, const Taps& x, std::vector<float>& rows, float* out) {
  const int64_t height = static_cast<int64_t>(y.start.size()), width = static_cast<int64_t>(x.start.size());
  rows.resize(static_cast<size_t>(y.count * width));
  for (int64_t row = 0; row < y.count; ++row) {
    const float* in = window + row * x.count;
    for (int64_t col = 0; col < width; ++col) {
      const auto& weights = x.weights[static_cast<size_t>(col)];
      const float* taps = in + x.start[static_cast<size_t>(col)];
      float sum = 0;
      for (size_t k = 0; k < weights.size(); ++k) sum += weights[k] * taps[k];
      rows[static_cast<size_t>(row * width + col)] = sum;
    }
  }
  std::fill_n(out, height * width, 0.0f);
  for (int64_t row = 0; row < height; ++row) {
    const auto& weights = y.weights[static_cast<size_t>(row)];
    for (size_t k = 0; k < weights.size(); ++k) {
      const float* in = rows.data() + (y.start[static_cast<size_t>(row)] + static_cast<int64_t>(k)) * width;
      for (int64_t col = 0; col < width; ++col) out[row * width + col] += weights[k] * in[col];
    }
  }
}

bool near_whole(double value) { return std::abs(value - std::round(value)) < kSlack; }

ImageSeries cut(const ImageSeries& series, int64_t x, int64_t y, const RasterSize& size) {
  const auto valid = series.valid.narrow(1, y, size.height).narrow(2, x, size.width).contiguous();
  const auto values = series.values.narrow(2, y, size.height).narrow(3, x, size.width);
  if (valid.all().item<bool>()) return {values.contiguous(), valid, series.day_of_year};
  return {values.masked_fill(valid.logical_not().unsqueeze(1), 0), valid, series.day_of_year};
}

}  // namespace

RasterPart pixels_of_crop(const PixelBox& box, const RasterSize& raster, int64_t side) {
  const Taps x = triangle_taps(box.x, box.width, side, raster.width),
             y = triangle_taps(box.y, box.height, side, raster.height);
  return {x.first, y.first, x.count, y.count};
}

ImageSeries crop_series(const ImageSeries& series, const PixelBox& box, int64_t side) {
  return crop_series(series, box, {side, side});
}

ImageSeries crop_series(const ImageSeries& series, const PixelBox& box, const RasterSize& size) {
  const int64_t dates = series.values.size(0), bands = series.values.size(1);
  const auto [width, height] = series.whole_size();
  const int64_t left = series.part ? series.part->x : 0, top = series.part ? series.part->y : 0;
  TORCH_CHECK_VALUE(box.width > 0 && box.height > 0 && box.x > -kSlack && box.y > -kSlack &&
                        box.x + box.width < width + kSlack && box.y + box.height < height + kSlack,
                    "crop_series: box ", box.x, ",", box.y, " ", box.width, "x", box.height, " in a raster of ", width,
                    "x", height);
  if (near_whole(box.x) && near_whole(box.y) && std::abs(box.width - static_cast<double>(size.width)) < kSlack &&
      std::abs(box.height - static_cast<double>(size.height)) < kSlack) {
    return cut(series, std::llround(box.x) - left, std::llround(box.y) - top, size);
  }

  // In pixels of the whole raster, so that the weights are the same whatever part of it is at hand.
  const Taps x = triangle_taps(box.x, box.width, size.width, width),
             y = triangle_taps(box.y, box.height, size.height, height);
  const auto mask = series.valid.narrow(1, y.first - top, y.count).narrow(2, x.first - left, x.count).contiguous();
  const auto window = series.values.narrow(2, y.first - top, y.count)
                          .narrow(3, x.first - left, x.count)
                          .masked_fill(mask.logical_not().unsqueeze(1), 0)
                          .contiguous();
  const auto weight_window = mask.to(torch::kFloat32);
  auto values = torch::empty({dates, bands, size.height, size.width}, torch::kFloat32);
  auto weights = torch::empty({dates, size.height, size.width}, torch::kFloat32);
  std::vector<float> rows;
  const int64_t in_plane = y.count * x.count, out_plane = size.height * size.width;
  const float* in = window.const_data_ptr<float>();
  float* out = values.mutable_data_ptr<float>();
  for (int64_t plane = 0; plane < dates * bands; ++plane)
    resample(in + plane * in_plane, y, x, rows, out + plane * out_plane);
  if (mask.all().item<bool>())
    return {values, torch::ones({dates, size.height, size.width}, torch::kBool), series.day_of_year};

  for (int64_t date = 0; date < dates; ++date) {
    resample(weight_window.const_data_ptr<float>() + date * in_plane, y, x, rows,
             weights.mutable_data_ptr<float>() + date * out_plane);
  }
  const auto valid = weights.ge(0.5);
  values.div_(weights.clamp_min(1e-6).unsqueeze(1)).masked_fill_(valid.logical_not().unsqueeze(1), 0);
  return {values, valid, series.day_of_year};
}

}  // namespace skysense
