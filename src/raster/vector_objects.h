#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "raster/georeference.h"

namespace skysense {

/// An object of a vector file on an image's grid.
struct VectorObject {
  int64_t id = 0;                   ///< the feature's number in its file
  std::string name;                 ///< of its class; empty without a column
  std::vector<PixelPoint> outline;  ///< all corners of its areas; empty where the feature has no area
};

struct VectorObjectOptions {
  std::string attribute{};  ///< column that names the class; empty: none
  bool only_here = false;   ///< features beyond the image are not read: the file has those of many images
};

/// The areas of a vector file (anything OGR opens) in pixels of an image, in the file's order. They are reprojected to
/// the image's CRS; a file without a CRS is taken to have it. Throws DataError naming the file: unreadable, without the
/// column, or with a CRS that the image lacks.
std::vector<VectorObject> read_vector_objects(const std::string& path, const TargetGrid& grid,
                                              const VectorObjectOptions& options);

/// The CRS of a vector file's first layer, "EPSG:32631" or WKT; "none" without one. Throws DataError.
std::string vector_crs_name(const std::string& path);

}  // namespace skysense
