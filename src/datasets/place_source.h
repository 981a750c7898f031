#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "datasets/labelled_dataset.h"

namespace skysense {

/// Sides of a place's rasters, as LabelledDataset::extent and image_sizes have them.
struct PlaceSizes {
  RasterSize extent;
  PerModality<std::optional<RasterSize>> images;
};

/// Labelled places by number, whole: what PlaceSamples keeps and cuts. Callable from several threads.
class PlaceSource {
 public:
  virtual ~PlaceSource() = default;
  virtual const DatasetDescription& description() const = 0;
  virtual int64_t size() const = 0;
  virtual const SampleEntry& entry(int64_t number) const = 0;
  virtual PlaceSizes sizes(int64_t number) const = 0;
  /// All pixels of the modalities asked for (others may be there too), and the label. Throws DataError.
  virtual LabelledSample read(int64_t number, const PerModality<bool>& modalities) const = 0;
  virtual std::vector<std::string> files(int64_t number) const = 0;
};

}  // namespace skysense
