#include "synth/image_series.h"

#include <algorithm>

#include "synth/labels.h"

namespace skysense::synth {
namespace {

ImageSeries series_of(size_t dates, int64_t bands, int64_t side) {
  const auto count = static_cast<int64_t>(dates);
  return {torch::empty({count, bands, side, side}), torch::ones({count, side, side}, torch::kBool),
          torch::zeros({count}, torch::kInt64)};
}

}  // namespace

ImageSeries hr_series(const std::vector<const std::vector<uint8_t>*>& images, int64_t side,
                      const SensorContract& contract) {
  ImageSeries series = series_of(images.size(), 3, side);
  const auto scale = static_cast<float>(contract.bands[0].scale);
  for (size_t flight = 0; flight < images.size(); ++flight) {
    std::ranges::transform(*images[flight], series.values[static_cast<int64_t>(flight)].mutable_data_ptr<float>(),
                           [&](uint8_t value) { return static_cast<float>(value) * scale; });
  }
  return series;
}

ImageSeries ms_series(const std::vector<const MsImage*>& images, int64_t side, const SensorContract& contract) {
  ImageSeries series = series_of(images.size(), kBands, side);
  const float scale = static_cast<float>(contract.bands[0].scale),
              offset = static_cast<float>(contract.bands[0].offset);
  for (size_t date = 0; date < images.size(); ++date) {
    const MsImage& image = *images[date];
    const auto row = static_cast<int64_t>(date);
    std::ranges::transform(image.dn, series.values[row].mutable_data_ptr<float>(),
                           [&](uint16_t dn) { return static_cast<float>(dn) * scale + offset; });
    std::ranges::transform(image.clear, series.valid[row].mutable_data_ptr<bool>(),
                           [](uint8_t clear) { return clear != 0; });
    series.day_of_year[row].fill_(image.day_of_year);
  }
  return series;
}

ImageSeries sar_series(const std::vector<const SarImage*>& images, int64_t side) {
  ImageSeries series = series_of(images.size(), 2, side);
  for (size_t date = 0; date < images.size(); ++date) {
    const auto row = static_cast<int64_t>(date);
    std::ranges::copy(images[date]->backscatter, series.values[row].mutable_data_ptr<float>());
    series.day_of_year[row].fill_(images[date]->day_of_year);
  }
  return series;
}

torch::Tensor label_of(const std::vector<uint8_t>& values, int64_t side) {
  auto label = torch::empty({side, side}, torch::kInt64);
  std::ranges::transform(values, label.mutable_data_ptr<int64_t>(), [](uint8_t value) {
    return value == kUnlabelled ? int64_t{-1} : static_cast<int64_t>(value);
  });
  return label;
}

}  // namespace skysense::synth
