#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace skysense {

/// What a file is taken for, from its name, its folders and its bands.
struct Recognition {
  enum class Kind { kImage, kLabel, kValidity, kUnknown };
  Kind kind = Kind::kUnknown;
  std::string sensor;  ///< of an image
  std::string reason;  ///< of kUnknown: why, and what to do
};

/// The little that recognition looks at.
struct RasterFacts {
  std::filesystem::path path;           ///< its stem and its two innermost folders count
  std::vector<std::string> band_names;  ///< descriptions, or names of a file-a-band group
  std::vector<std::string> colours;
  std::string type;  ///< GDAL's spelling
  int64_t bands = 0;
};

/// Words of the name decide first ("L2A", "S1", "NDVI", "SCL", "labels"), then the bands' names, then their number and
/// type: 3 bytes are aerial-rgb, 12 or 13 unnamed 16-bit bands Sentinel-2 L2A or L1C. `allowed` (from --sensor) limits
/// the sensors; a single one takes every image.
Recognition recognise(const RasterFacts& facts, const std::vector<std::string>& allowed);

}  // namespace skysense
