#include "probe/place_features.h"

#include <ATen/ops/adaptive_max_pool2d.h>
#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "core/error.h"
#include "data/normalise.h"
#include "eval/pixel_statistics.h"
#include "model/autocast.h"

namespace skysense {
namespace {

constexpr int64_t kImagesAtOnce = 32;
constexpr int64_t kHrPixelsPerCell = 32;

const ImageSeries& series_of(const PlaceSample& place, Modality modality) {
  TORCH_CHECK_VALUE(place.images[modality], "place ", place.id, " has no ", modality_name(modality), " image");
  return *place.images[modality];
}

/// How much each image of a series counts: its share of valid pixels, together 1. valid [T, H, W] -> [T].
torch::Tensor date_weights(const torch::Tensor& valid) {
  const auto share = valid.to(torch::kFloat32).mean({1, 2});
  return share / share.sum().clamp_min(1e-12);
}

/// Sides of the fusion grid of a place (DESIGN 6).
std::pair<int64_t, int64_t> fusion_grid(const PlaceSample& place, const SensorContracts& contracts) {
  for (const auto& [modality, pixels] :
       {std::pair{Modality::kMs, int64_t{1}}, {Modality::kSar, int64_t{1}}, {Modality::kHr, kHrPixelsPerCell}}) {
    const auto& series = place.images[modality];
    if (series && contracts[modality]) {
      return {std::max<int64_t>(1, series->values.size(2) / pixels),
              std::max<int64_t>(1, series->values.size(3) / pixels)};
    }
  }
  TORCH_CHECK_VALUE(false, "place ", place.id, " has no image of a sensor that the model takes");
}

/// Over the cells that are seen: [d].
torch::Tensor mean_of(const FusedMap& map) {
  const auto weight = map.seen.to(map.features.device(), torch::kFloat32).unsqueeze(2);
  return (map.features * weight).flatten(0, 1).sum(0) / weight.sum().clamp_min(1);
}

}  // namespace

std::string feature_source_name(FeatureSource source) { return source ? std::string(modality_name(*source)) : "fused"; }

FeatureSource parse_feature_source(const std::string& name) {
  if (name == "fused") return std::nullopt;
  for (const Modality modality : kModalities) {
    if (name == modality_name(modality)) return modality;
  }
  throw UsageError(fmt::format("--modality {}: expected hr, ms, sar or fused", name));
}

PlaceEncoder::PlaceEncoder(const Product& product, FeatureSource source, torch::Device device, torch::Dtype dtype,
                           Prompts prompts)
    : product_(product),
      source_(source),
      device_(device),
      dtype_(dtype),
      forward_{.plan = {}, .row_keys = {}, .prompts = prompts == Prompts::kUsed} {
  product_.model->to(device_);
}

torch::Tensor PlaceEncoder::operator()(const std::vector<const PlaceSample*>& places) const {
  const torch::NoGradGuard no_gradients;
  const AutocastScope autocast(device_, dtype_);
  torch::Tensor features;
  if (source_) {
    features = encode_modality(places, *source_);
  } else {
    std::vector<torch::Tensor> rows;
    for (const PlaceSample* place : places) rows.push_back(mean_of(fused_map(*place)));
    features = torch::stack(rows);
  }
  return features.to(torch::kCPU, torch::kFloat32);
}

torch::Tensor PlaceEncoder::normalised(const ImageSeries& series, Modality modality) const {
  return normalise(series.values, series.valid, *product_.contracts[modality]);
}

torch::Tensor PlaceEncoder::encode_modality(const std::vector<const PlaceSample*>& places, Modality modality) const {
  struct Image {
    size_t place;
    torch::Tensor values;  // [C, H, W]
    float weight;
  };
  std::map<std::pair<int64_t, int64_t>, std::vector<Image>> by_size;
  for (size_t p = 0; p < places.size(); ++p) {
    const ImageSeries& series = series_of(*places[p], modality);
    const auto values = normalised(series, modality), weights = date_weights(series.valid);
    for (int64_t t = 0; t < values.size(0); ++t) {
      by_size[{values.size(2), values.size(3)}].push_back({p, values[t], weights[t].item<float>()});
    }
  }
  std::vector<torch::Tensor> rows(places.size());
  for (const auto& [size, images] : by_size) {
    for (size_t first = 0; first < images.size(); first += kImagesAtOnce) {
      const size_t last = std::min(images.size(), first + kImagesAtOnce);
      std::vector<torch::Tensor> batch;
      for (size_t i = first; i < last; ++i) batch.push_back(images[i].values);
      SkysenseModel model = product_.model;
      const auto maps =
          model->encode(modality, torch::stack(batch).to(device_), forward_).stages.back();  // [B, h, w, 8C]
      const auto means = maps.to(torch::kFloat32).mean({1, 2});
      for (size_t i = first; i < last; ++i) {
        const auto part = means[static_cast<int64_t>(i - first)] * images[i].weight;
        torch::Tensor& row = rows[images[i].place];
        row = row.defined() ? row + part : part;
      }
    }
  }
  return torch::stack(rows);
}

FusedMap PlaceEncoder::fused_map(const PlaceSample& place) const {
  const torch::NoGradGuard no_gradients;
  const AutocastScope autocast(device_, dtype_);
  SkysenseModel model = product_.model;
  FusionInput input;
  const auto [height, width] = fusion_grid(place, product_.contracts);
  input.grid_height = height;
  input.grid_width = width;
  auto seen = torch::zeros({height, width}, torch::kBool);
  for (const Modality modality : kModalities) {
    if (!place.images[modality] || !product_.contracts[modality]) continue;
    const ImageSeries& series = *place.images[modality];
    const auto values = normalised(series, modality);
    std::vector<torch::Tensor> features;
    for (int64_t first = 0; first < values.size(0); first += kImagesAtOnce) {
      features.push_back(
          model->encode(modality, values.slice(0, first, first + kImagesAtOnce).to(device_), forward_).stages.back());
    }
    // A cell is valid where any of its pixels is.
    const auto pooled =
        std::get<0>(at::adaptive_max_pool2d(series.valid.to(torch::kFloat32).unsqueeze(1), {height, width}));
    const auto valid = pooled.squeeze(1) > 0;  // [T, gh, gw]
    seen |= valid.any(0);
    const auto batch_of_one = [&](const torch::Tensor& tensor) { return tensor.unsqueeze(0).to(device_); };
    input.series[modality] = FusionSeries{torch::cat(features).unsqueeze(0), batch_of_one(valid),
                                          batch_of_one(series.day_of_year), batch_of_one(valid.flatten(1).any(1))};
  }
  if (product_.prototypes && place.longitude_deg && place.latitude_deg) {
    const auto location = torch::tensor({{*place.longitude_deg, *place.latitude_deg}}, torch::kFloat64);
    input.prototypes = product_.prototypes->gather(product_.prototypes->regions_of(location), device_);
  }
  return {model->fuse(input).fused[0].to(torch::kFloat32), seen};
}

torch::Tensor place_pixel_statistics(const std::vector<const PlaceSample*>& places, FeatureSource source,
                                     const SensorContracts& contracts) {
  std::vector<torch::Tensor> rows;
  for (const PlaceSample* place : places) {
    std::vector<torch::Tensor> parts;
    for (const Modality modality : kModalities) {
      if (!contracts[modality] || (source && *source != modality)) continue;
      if (!source && !place->images[modality]) {
        parts.push_back(torch::zeros({contracts[modality]->channels() * kPixelStatisticsPerBand}));
        continue;
      }
      const ImageSeries& series = series_of(*place, modality);
      const auto statistics =
          pixel_statistics(normalise(series.values, series.valid, *contracts[modality]), series.valid);
      parts.push_back(torch::matmul(date_weights(series.valid), statistics));
    }
    rows.push_back(torch::cat(parts));
  }
  return torch::stack(rows);
}

}  // namespace skysense
