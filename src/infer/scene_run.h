#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "infer/feature_windows.h"
#include "infer/memory_budget.h"
#include "infer/scene.h"

namespace skysense {

/// What a run over a scene computes, and with how much memory.
struct SceneRunOptions {
  std::string verb;  ///< of the progress line
  Tiling tiling;
  CellWindow area;  ///< cells of the output
  MemoryNeeds needs;
  int64_t max_memory = 0;        ///< bytes; 0: no limit
  int64_t batches_per_trim = 1;  ///< see FeatureRun
};

/// The way through a scene: how memory is spent, in which order the output's blocks are computed, and the run itself
/// with progress and signals. What embed, predict and change share.
class SceneRun {
 public:
  /// Throws DataError where the limit is below what is needed at least.
  explicit SceneRun(const SceneRunOptions& options);

  const Tiling& tiling() const { return options_.tiling; }
  const MemoryPlan& memory() const { return memory_; }
  const CellWindow& area() const { return options_.area; }
  /// The area in blocks, in the order in which they are computed.
  std::vector<CellWindow> blocks() const;
  /// Computes windows of the scene, with progress on stderr, and counts the pixels of `counted`. A signal noted
  /// meanwhile throws Interrupted with `advice`.
  FeatureRunCounts run(const std::vector<CellWindow>& windows, RegionReader& reader, const FeatureExtractor& extractor,
                       const CellWindow& counted, const std::function<void(const WindowFeatures&)>& sink,
                       const std::string& advice = "") const;

 private:
  const SceneRunOptions options_;
  MemoryPlan memory_;
  int64_t columns_per_strip_ = 1;
};

/// Bytes of the pixels of one batch of tiles, over all images of the scene.
int64_t region_bytes(const Scene& scene, const Tiling& tiling);

}  // namespace skysense
