#pragma once

#include <torch/types.h>

#include <array>
#include <string>
#include <vector>

#include "heads/task_description.h"
#include "infer/predicted_image.h"
#include "raster/raster_writer.h"

namespace skysense {

/// What is written beside the class map.
struct LayerOptions {
  bool probabilities = false;  ///< of every class, and of every time
  bool entropy = false;        ///< of these, as a part of the most that so many classes can have
  bool provenance = false;     ///< how many images of each modality and time are valid in a pixel
  bool dates = false;          ///< which images these are: a band each
  bool half = false;           ///< probabilities and entropy of half precision in place of uint8
};

/// One raster of a prediction.
struct PredictionLayer {
  std::string suffix{};   ///< of the file's name: "" for the map, "_probabilities", …
  std::string title{};    ///< for people
  RasterLayout layout{};  ///< without size, place and tags
  bool classes = false;   ///< values are classes
  /// Bytes of a value as render() gives it.
  int64_t value_bytes() const { return layout.type == PixelType::kFloat16 ? 2 : 1; }
};

/// The rasters made of class probabilities.
///
/// The map's value is the most probable class (the first of equals), 255 where there is no data. Of change it is 0
/// unchanged or 1 changed; of semantic change a pixel has changed where its most probable classes differ
/// (Toker et al. 2022, arXiv 2203.12560, sec. 4), and the maps of both times come with it. Probabilities and entropy as
/// uint8 are value * 0.004.
class PredictionLayers {
 public:
  /// `images` are those of the scene, by time, then by modality, then in the scene's order.
  PredictionLayers(const TaskDescription& task, const std::vector<PredictedImage>& images, const LayerOptions& options);

  /// The map comes first.
  const std::vector<PredictionLayer>& layers() const { return layers_; }
  /// Names and colours of the map's classes.
  const std::vector<std::string>& class_names() const { return layers_.front().layout.class_names; }
  const std::vector<std::array<uint8_t, 3>>& class_colours() const { return layers_.front().layout.colours; }

  /// The bytes of all layers, one after another, each [bands, h, w]: uint8, or half precision where the raster is of
  /// floats. values [d, h, w] as TaskExtractor gives them, valid [h, w] bool, images as count_images gives them.
  std::string render(const torch::Tensor& values, const torch::Tensor& valid, const torch::Tensor& images) const;
  int64_t bytes_per_pixel() const;
  /// "map 1 x 1, probabilities 5 x 2": the layers with their bands and the bytes of a value. Two journals of records of
  /// equal form are told apart by it.
  std::string text() const;

 private:
  RasterLayout& add(const std::string& suffix, const std::string& title);
  void add_map(const std::string& suffix, const std::string& title, const std::vector<std::string>& names,
               const std::vector<std::array<uint8_t, 3>>& colours);
  void add_shares(const std::string& suffix, const std::string& title, const std::vector<std::string>& bands);
  torch::Tensor shares(const torch::Tensor& values, const torch::Tensor& valid) const;

  TaskDescription task_;
  std::vector<PredictedImage> images_;
  std::vector<Modality> modalities_;  ///< of the images
  LayerOptions options_;
  std::vector<PredictionLayer> layers_;
};

/// Stored value of a pixel without data in the class map and in layers of uint8.
inline constexpr int64_t kNoClass = 255;

/// The task's colours, or as many different ones where it has none: hues a golden angle apart.
std::vector<std::array<uint8_t, 3>> colours_of(const TaskDescription& task);

}  // namespace skysense
