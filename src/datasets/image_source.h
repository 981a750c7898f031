#pragma once

#include <map>
#include <memory>

#include "datasets/dataset_listing.h"
#include "datasets/npy_file.h"

namespace skysense {

/// NumPy files that are open while a sample is read: a series is one file.
using OpenArrays = std::map<std::string, std::shared_ptr<NpyFile>>;

/// One open image of a sample.
class ImageSource {
 public:
  virtual ~ImageSource() = default;
  virtual RasterSize size() const = 0;
  virtual Georeference georeference() const = 0;
  /// Physical values [C, h, w] of a window inside the image, 0 where invalid, and validity [h, w].
  virtual void read(const PixelWindow& window, float* values, uint8_t* valid) const = 0;
  /// The same resampled onto a grid. Throws DataError where the image has no georeference.
  virtual void read_onto(const TargetGrid& grid, float* values, uint8_t* valid) const = 0;
};

/// Throws DataError naming the file.
std::unique_ptr<ImageSource> open_image(const ImageFile& image, const SensorContract& contract, OpenArrays& arrays);

/// The file of `arrays`, opened where it is not yet.
NpyFile& open_array(const std::string& path, OpenArrays& arrays);

}  // namespace skysense
