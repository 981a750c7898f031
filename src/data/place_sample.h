#pragma once

#include <torch/types.h>

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "core/sensor_contract.h"

namespace skysense {

/// A piece of a place's raster, in pixels of the whole.
struct RasterPart {
  int64_t x = 0, y = 0, width = 0, height = 0;
};

/// Sides of a place's raster in pixels.
struct RasterSize {
  int64_t width = 0, height = 0;
};

/// The images of one modality over one place. HR is a series of one image, usually undated.
struct ImageSeries {
  torch::Tensor values;       ///< [T, C, H, W] float32, physical units of the contract (reflectance, dB, brightness)
  torch::Tensor valid;        ///< [T, H, W] bool: neither nodata, NaN nor masked
  torch::Tensor day_of_year;  ///< [T] int64, 1 to 366; 0 where the image has no date
  /// Where only a part of the place was read: the corner of the values, and the sides of the whole raster.
  struct Part {
    int64_t x = 0, y = 0;
    RasterSize whole;
  };
  std::optional<Part> part = std::nullopt;

  /// Sides of the place's raster.
  RasterSize whole_size() const { return part ? part->whole : RasterSize{values.size(3), values.size(2)}; }
};

/// One ground square as tensors. All modalities cover the same ground, each on its own grid.
struct PlaceSample {
  std::string id;
  PerModality<std::optional<ImageSeries>> images;
  torch::Tensor label;  ///< [H, W] int64 classes, -1 where unlabelled; undefined where the place has none
  std::optional<double> longitude_deg, latitude_deg;
  std::optional<int64_t> scene_class;
};

/// Which part of each raster is needed of a place whose rasters have the sizes given; nothing: all of it.
using PartChooser =
    std::function<PerModality<std::optional<RasterPart>>(const PerModality<std::optional<RasterSize>>& sizes)>;

/// What views need of a place.
struct PartRequest {
  PartChooser choose;  ///< the pixels
  bool label = false;  ///< and the label raster, whole
};

/// Places by number. Implementations: the synthetic world (synth/), an index of rasters (ingest/), tensor shards
/// (data/).
class PlaceDataset {
 public:
  virtual ~PlaceDataset() = default;
  virtual int64_t size() const = 0;
  /// The same sample for the same number, always; callable from several threads. Throws DataError naming the file.
  virtual PlaceSample get(int64_t number) const = 0;
  /// The same sample for views: without what they do not ask for, where leaving it out saves work.
  virtual PlaceSample get_part(int64_t number, const PartRequest& request) const { return get(number); }
  /// The sensors of the places; absent modalities have none.
  virtual const SensorContracts& contracts() const = 0;
  /// The names of the classes 0, 1, … of the label rasters; empty where they are not known.
  virtual std::vector<std::string> label_names() const { return {}; }
};

}  // namespace skysense
