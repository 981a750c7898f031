#pragma once

#include <cstdint>
#include <filesystem>

#include "infer/embed_job.h"
#include "infer/output_options.h"

namespace skysense {

/// What became of a feature map.
struct EmbedResult {
  int64_t width = 0, height = 0, features = 0;  ///< of the output, in cells
  int64_t valid_cells = 0, tiles = 0;
  PixelCounts pixels{};
  std::filesystem::path preview_png{}, preview_tif{};
};

/// Computes the feature map of the job's area and writes it as d bands of float32 with NaN as nodata,
/// and beside it OUT_rgb.png and OUT_rgb.tif, a picture of its three main components. All appear, or none.
/// Throws DataError where no pixel of the area is valid, the output exists, or the disk is full.
EmbedResult embed_scene(EmbedJob& job, const OutputOptions& output);

}  // namespace skysense
