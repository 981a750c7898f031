#include "ingest/band_statistics.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace skysense {
namespace {

/// Count, mean and sum of squared deviations of one band, merged image by image (Chan, Golub, LeVeque 1983).
struct Moments {
  double count = 0, mean = 0, squares = 0;

  void merge(const Moments& other) {
    if (other.count == 0) return;
    const double total = count + other.count, difference = other.mean - mean;
    mean += difference * other.count / total;
    squares += other.squares + difference * difference * count * other.count / total;
    count = total;
  }
};

/// values [C, H, W], valid [H, W].
void add_image(const torch::Tensor& values, const torch::Tensor& valid, int64_t step, std::vector<Moments>& bands) {
  using torch::indexing::Slice;
  const Slice every(torch::indexing::None, torch::indexing::None, step);
  const auto picked = values.index({Slice(), every, every}).to(torch::kFloat64);
  const auto chosen = valid.index({every, every});
  for (int64_t band = 0; band < picked.size(0); ++band) {
    const auto pixels = picked[band].masked_select(chosen);
    if (pixels.numel() == 0) continue;
    const double mean = pixels.mean().item<double>();
    bands[static_cast<size_t>(band)].merge(
        {static_cast<double>(pixels.numel()), mean, (pixels - mean).square().sum().item<double>()});
  }
}

}  // namespace

SensorContracts measure_statistics(const PlaceDataset& dataset, const StatisticsOptions& options,
                                   const std::function<void(int64_t, int64_t)>& progress) {
  SensorContracts contracts = dataset.contracts();
  PerModality<std::vector<Moments>> moments;
  for (const Modality modality : kModalities) {
    if (contracts[modality]) moments[modality].resize(contracts[modality]->bands.size());
  }
  const int64_t count = std::min(dataset.size(), options.max_places);
  for (int64_t i = 0; i < count; ++i) {
    const PlaceSample place = dataset.get(i * dataset.size() / count);
    for (const Modality modality : kModalities) {
      const auto& series = place.images[modality];
      if (!series) continue;
      const int64_t side = std::max(series->values.size(2), series->values.size(3));
      const int64_t step = (side + options.max_pixels_a_side - 1) / options.max_pixels_a_side;
      for (int64_t t = 0; t < series->values.size(0); ++t)
        add_image(series->values[t], series->valid[t], step, moments[modality]);
    }
    progress(i + 1, count);
  }
  constexpr double kLeastStd = 1e-6;
  for (const Modality modality : kModalities) {
    for (size_t band = 0; band < moments[modality].size(); ++band) {
      const Moments& found = moments[modality][band];
      if (found.count == 0) continue;
      contracts[modality]->bands[band].mean = found.mean;
      contracts[modality]->bands[band].std = std::max(kLeastStd, std::sqrt(found.squares / found.count));
    }
  }
  return contracts;
}

}  // namespace skysense
