#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "engine/product.h"
#include "infer/scene_run.h"

namespace skysense {

/// How the model is run over a scene.
struct EmbedOptions {
  SceneRequest scene;
  std::optional<MapBox> bbox;               ///< in the scene's CRS; nothing: the whole scene
  int64_t max_memory = 0;                   ///< bytes; 0: no limit
  int64_t jobs = 1;                         ///< batches computed at once, each by one thread
  int64_t batch = 0;                        ///< tiles that run together; 0: the model's own
  std::map<std::string, std::string> tags;  ///< further provenance
};

/// A scene, a model and the way to go through them, ready to run.
class EmbedJob {
 public:
  /// Opens the scene and plans the memory. Throws DataError, and UsageError for options that contradict each other.
  EmbedJob(const Product& product, const EmbedOptions& options);

  const Scene& scene() const { return scene_; }
  const Tiling& tiling() const { return run_.tiling(); }
  const MemoryPlan& memory() const { return run_.memory(); }
  /// The cells asked for: the bbox's part of the scene.
  const CellWindow& area() const { return run_.area(); }
  int64_t width() const;
  /// The area in blocks, in the order in which they are computed.
  std::vector<CellWindow> blocks() const { return run_.blocks(); }
  /// Computes windows of the scene, with progress on stderr; a signal noted meanwhile throws Interrupted.
  FeatureRunCounts run(const std::vector<CellWindow>& windows, bool count_pixels,
                       const std::function<void(const WindowFeatures&)>& sink);
  /// What an output says of its origin.
  std::map<std::string, std::string> provenance() const;

 private:
  const Product product_;
  const EmbedOptions options_;
  Scene scene_;
  SceneRun run_;
};

}  // namespace skysense
