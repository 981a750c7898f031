#pragma once

#include <torch/types.h>

#include <functional>
#include <vector>

#include "infer/feature_extractor.h"
#include "infer/region_reader.h"
#include "infer/tiling.h"

namespace skysense {

/// Features of one window of cells, each cell `divisions` x `divisions` pixels of the output (FeatureExtractor).
struct WindowFeatures {
  CellWindow window;
  torch::Tensor values;  ///< [d, rows * divisions, columns * divisions] float32; NaN where invalid
  torch::Tensor valid;   ///< of the same pixels, bool: at every time some image is valid there
  torch::Tensor images;  ///< how many images are, and which, see count_images
};

/// What a run did.
struct FeatureRunCounts {
  int64_t groups = 0;          ///< batches visited that had to be read
  int64_t tiles = 0;           ///< tiles that went through the network; batches without a valid pixel do not
  double network_seconds = 0;  ///< spent in the extractor, summed over the jobs
};

struct FeatureRun {
  Tiling tiling;
  int64_t room = 1;  ///< batch results kept at once, for windows that share them
  int64_t jobs = 1;  ///< batches computed at once, each by one thread
  /// Batches after which freed memory goes back to the kernel: more is faster, and the heap's holes take more.
  int64_t batches_per_trim = 1;
  CellWindow counted{};  ///< cells whose pixels go into the reader's statistics
  /// Called for every window in order; the values are the callee's to keep or drop.
  std::function<void(const WindowFeatures&)> sink;
  /// Called after each batch that was read, with their number so far.
  std::function<void(int64_t groups)> progress = [](int64_t) {};
};

/// Computes the features of `windows` one after another. A cell's values depend on the scene, the tiling and the model
/// only: not on the windows asked for, the room nor the jobs. Reading, computing and the sink overlap. The extractor is
/// called from `jobs` threads at once, on which LibTorch's operators use as many threads as it was set to.
/// Throws DataError for what the reader meets, and where the model gives values that are not finite.
FeatureRunCounts compute_features(const std::vector<CellWindow>& windows, RegionReader& reader,
                                  const FeatureExtractor& extractor, const FeatureRun& run);

/// Batches that compute_features will read, for progress and estimates.
int64_t count_groups(const std::vector<CellWindow>& windows, const Tiling& tiling, int64_t room);
/// Tiles that go through the network at most: where every one has a valid pixel.
int64_t count_tiles(const std::vector<CellWindow>& windows, const Tiling& tiling, int64_t room);

}  // namespace skysense
