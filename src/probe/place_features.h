#pragma once

#include <torch/types.h>

#include <optional>
#include <string>
#include <vector>

#include "data/place_sample.h"
#include "engine/product.h"
#include "model/forward_options.h"

namespace skysense {

/// Which of a model's features stand for a place: those of one modality's images, or (nothing) the fused ones.
using FeatureSource = std::optional<Modality>;

/// "hr", "ms", "sar" or "fused".
std::string feature_source_name(FeatureSource source);
/// The inverse. Throws UsageError that lists the four.
FeatureSource parse_feature_source(const std::string& name);

/// Whether the backbone has its modality prompts.
enum class Prompts { kUsed, kLeftOut };

/// The fused features of a place on its fusion grid: an MS pixel, else a SAR pixel, else 32 x 32 HR pixels a cell.
struct FusedMap {
  torch::Tensor features;  ///< [gh, gw, d] float32 on the encoder's device
  torch::Tensor seen;      ///< [gh, gw] bool on the CPU: some image has a valid pixel there
};

/// One frozen vector a place, as kNN and linear probes take them (DESIGN 6).
class PlaceEncoder {
 public:
  /// Moves the product's model to `device` and computes in `dtype` (float32, or bfloat16 by autocast).
  PlaceEncoder(const Product& product, FeatureSource source, torch::Device device, torch::Dtype dtype,
               Prompts prompts = Prompts::kUsed);

  /// B places, values in physical units, bands in the order of the product's contracts -> [B, width] float32 on the
  /// CPU: of one modality the mean of the normalised stage-4 map, averaged over the dates by their share of valid
  /// pixels; else the mean of the fused map over the cells with a valid pixel, with the context of the place's region
  /// where its location and the product's prototypes tell one. Images of equal size run together.
  /// Throws c10::ValueError for a place without the modality, or without any that the model knows.
  torch::Tensor operator()(const std::vector<const PlaceSample*>& places) const;
  /// What the fused vector of a place is the mean of.
  FusedMap fused_map(const PlaceSample& place) const;

 private:
  torch::Tensor encode_modality(const std::vector<const PlaceSample*>& places, Modality modality) const;
  torch::Tensor normalised(const ImageSeries& series, Modality modality) const;

  Product product_;
  FeatureSource source_;
  torch::Device device_;
  torch::Dtype dtype_;
  ForwardOptions forward_;
};

/// The plain-pixel baseline of the same places: the statistics of eval/pixel_statistics.h, averaged over a modality's
/// dates by their share of valid pixels; for the fused source those of all modalities of `contracts` one after another,
/// zeros where a place lacks one. -> [B, width] float32.
torch::Tensor place_pixel_statistics(const std::vector<const PlaceSample*>& places, FeatureSource source,
                                     const SensorContracts& contracts);

}  // namespace skysense
