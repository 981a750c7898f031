#pragma once

#include <cstdint>
#include <string>

#include "infer/embed_job.h"
#include "infer/output_options.h"

namespace skysense {

/// Where vectors are wanted.
struct PointOptions {
  std::string shapes;   ///< vector file of points and polygons
  int64_t nearest = 0;  ///< the most similar others to name for each
};

struct PointResult {
  int64_t features = 0;  ///< d
  int64_t shapes = 0;    ///< in the file
  int64_t found = 0;     ///< of these, with a vector: they lie on valid cells of the scene
  int64_t tiles = 0;
};

/// One vector a feature of the file: that of the cell at a point, or the mean over the valid cells whose centre lies
/// within a polygon (the cell at a point within it where none does). Written with the file's attributes as columns
/// f0, f1, …, null where the scene has nothing, and nearest_1, similarity_1, … : the number (FID) of the most similar
/// other feature and the cosine. GeoPackage, or CSV where the output's name ends in .csv; it appears whole or not at
/// all. Only the tiles that are needed are computed, and the values are those of embed_scene. Throws DataError where no
/// shape lies on the scene.
PointResult embed_points(EmbedJob& job, const PointOptions& points, const OutputOptions& output);

}  // namespace skysense
