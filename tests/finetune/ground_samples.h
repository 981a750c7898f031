#pragma once

#include <torch/types.h>

#include <algorithm>
#include <functional>
#include <string>
#include <vector>

#include "datasets/labelled_dataset.h"

namespace skysense::testing {

/// Samples of which every pixel says where it lies: HR with `hr_per_pixel` pixels a label pixel and MS as the labels,
/// two dates each. Band 0 is the ground x of a pixel's middle in label pixels, band 1 its y, band 2 the date's number.
/// Label pixel (x, y) is of class y * width + x, or what `label` says.
class GroundSamples : public LabelledDataset {
 public:
  GroundSamples(RasterSize extent, int64_t hr_per_pixel, LabelKind kind = LabelKind::kMask)
      : extent_(extent), hr_per_pixel_(hr_per_pixel) {
    description_.name = "ground";
    description_.label = kind;
    description_.classes = {"a", "b", "c", "d"};
    for (const Modality modality : {Modality::kHr, Modality::kMs}) {
      SensorContract contract;
      contract.name = "ground";
      contract.modality = modality;
      for (int band = 0; band < 3; ++band) contract.bands.push_back({.name = "band", .mean = -7.0F - band});
      description_.sensors[modality] = contract;
    }
  }

  const DatasetDescription& description() const override { return description_; }
  int64_t size() const override { return 1; }
  const SampleEntry& entry(int64_t) const override { return entry_; }
  RasterSize extent(int64_t) const override { return extent_; }
  PerModality<std::optional<RasterSize>> image_sizes(int64_t) const override {
    PerModality<std::optional<RasterSize>> sizes;
    sizes[Modality::kHr] = RasterSize{extent_.width * hr_per_pixel_, extent_.height * hr_per_pixel_};
    sizes[Modality::kMs] = extent_;
    return sizes;
  }
  using LabelledDataset::get;
  LabelledSample get(int64_t, const SampleRequest& request) const override {
    const PixelWindow window = request.window.value_or(PixelWindow{0, 0, extent_.width, extent_.height});
    windows.push_back(window);
    LabelledSample sample;
    sample.entry = entry_;
    for (const Modality modality : {Modality::kHr, Modality::kMs}) {
      if (request.modalities[modality])
        sample.images[modality] = images_of(window, modality == Modality::kHr ? hr_per_pixel_ : 1);
    }
    if (request.label) sample.label = label_of(window);
    return sample;
  }
  std::vector<std::string> files(int64_t) const override { return {}; }

  mutable std::vector<PixelWindow> windows;                     ///< that were read
  std::function<torch::Tensor(const PixelWindow&)> label = {};  ///< in place of the pixels' numbers

 private:
  DatedImages images_of(const PixelWindow& window, int64_t finer) const {
    const int64_t height = window.height * finer, width = window.width * finer;
    auto values = torch::zeros({2, 3, height, width});
    const auto middles = [&](int64_t first, int64_t count) {
      return (torch::arange(count) + 0.5) / static_cast<double>(finer) + static_cast<double>(first);
    };
    values.select(1, 0).copy_(middles(window.x, width).view({1, 1, width}));
    values.select(1, 1).copy_(middles(window.y, height).view({1, height, 1}));
    values.select(1, 2).copy_(torch::arange(2).view({2, 1, 1}));
    return {{values, torch::ones({2, height, width}, torch::kBool), torch::tensor({int64_t{10}, int64_t{20}})},
            {std::nullopt, std::nullopt},
            {}};
  }
  torch::Tensor label_of(const PixelWindow& window) const {
    if (label) return label(window);
    const auto rows = torch::arange(window.y, window.y + window.height),
               columns = torch::arange(window.x, window.x + window.width);
    return rows.unsqueeze(1) * extent_.width + columns;
  }

  const RasterSize extent_;
  const int64_t hr_per_pixel_;
  DatasetDescription description_;
  const SampleEntry entry_{"sample", "train", ""};
};

/// The Kolmogorov-Smirnov distance of values from a cumulative distribution.
inline double ks_distance(std::vector<double> values, const std::function<double(double)>& cumulative) {
  std::sort(values.begin(), values.end());
  const auto count = static_cast<double>(values.size());
  double distance = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    const double expected = cumulative(values[i]), rank = static_cast<double>(i);
    distance = std::max({distance, expected - rank / count, (rank + 1) / count - expected});
  }
  return distance;
}

/// The distance of two sets of values from each other.
inline double ks_distance(std::vector<double> values, std::vector<double> others) {
  std::sort(others.begin(), others.end());
  return ks_distance(std::move(values), [&](double value) {
    const auto below = std::upper_bound(others.begin(), others.end(), value) - others.begin();
    return static_cast<double>(below) / static_cast<double>(others.size());
  });
}

}  // namespace skysense::testing
