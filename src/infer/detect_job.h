#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "infer/memory_budget.h"
#include "infer/object_finder.h"
#include "infer/scene_seams.h"
#include "infer/tile_objects.h"

namespace skysense {

struct DetectionProduct;

/// How a detector is run over a scene.
struct DetectOptions {
  SceneRequest scene;
  std::optional<MapBox> bbox{};  ///< in the scene's CRS: objects whose centre lies in it; nothing: the whole scene
  int64_t max_memory = 0;        ///< bytes; 0: no limit
  int64_t jobs = 1;              ///< batches computed at once, each by one thread; fewer where memory is short
  int64_t tile = 0;              ///< side in pixels of the output; 0: the model's own
  int64_t overlap = -1;          ///< of neighbouring tiles, in pixels of the output; -1: a quarter of the tile
  double score = 0.3;            ///< objects that score less are left out
  std::vector<std::string> classes{};         ///< the wanted ones; empty: all
  std::vector<std::string> settings{};        ///< that the detector was loaded with, for conditions and provenance
  std::string precision = "float32";          ///< of the network, as the provenance names it
  std::map<std::string, std::string> tags{};  ///< further provenance
};

/// A scene, what finds objects in its tiles and the way to go through them, ready to run. Objects are in pixels of the
/// task's output modality's raster, from its corner.
class DetectJob {
 public:
  /// Opens the scene and plans the memory; `product` must outlive it, and its network is not used. Throws DataError for
  /// scenes that do not fit the model, UsageError for unknown classes.
  DetectJob(const TaskProduct& product, const DetectOptions& options, const FinderFor& make);

  const TaskScenes& scenes() const { return scenes_; }
  const Tiling& tiling() const { return tiling_; }
  const MemoryPlan& memory() const { return memory_; }
  /// The batches of the area, in the order in which they are computed.
  std::vector<TileGroup> groups() const;
  /// Tiles of them at most.
  int64_t tiles() const;
  SceneSeams seams() const;
  /// Whether the area asked for holds an object's centre.
  bool holds(const FoundObject& object) const;
  /// Computes batches, with progress on stderr; a signal noted meanwhile throws Interrupted with `advice`.
  void compute(const std::vector<TileGroup>& groups, const std::function<void(const TileGroup&, GroupObjects)>& sink,
               const std::string& advice) const;
  /// Seconds that the finder takes for one batch of tiles, see batch_seconds.
  double measure_batch_seconds() const;
  /// What the output's values depend on, by name, and what it says of its origin.
  std::map<std::string, std::string> conditions() const;
  std::map<std::string, std::string> provenance() const;

 private:
  MemoryNeeds needs() const;

  const DetectOptions options_;
  const TaskScenes scenes_;
  const Tiling tiling_;
  const std::unique_ptr<ObjectFinder> finder_;
  ObjectChoice choice_;
  MemoryPlan memory_;
};

/// The finder of a detector, see DetectorFinder. `product` must outlive what it makes.
FinderFor detector_finder(const DetectionProduct& product, c10::ScalarType dtype);

}  // namespace skysense
