#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "detection/seam_merge.h"
#include "infer/feature_extractor.h"
#include "infer/task_scenes.h"

namespace skysense {

/// What finds objects in tiles: a detector, or a stand-in in tests.
class ObjectFinder {
 public:
  virtual ~ObjectFinder() = default;
  /// Callable from several threads. For each tile of the batch its objects, in pixels of the output from the tile's
  /// corner. A tile's objects depend on the batch's shape, place and contents only.
  virtual std::vector<std::vector<FoundObject>> find(const TileBatch& batch) const = 0;
  /// Where it computes.
  virtual torch::Device device() const { return torch::kCPU; }
  /// Objects of one tile at most.
  virtual int64_t most_objects() const = 0;
  /// Bytes that find() needs at its peak beyond its input, estimated from above.
  virtual int64_t workspace_bytes() const = 0;
};

/// Makes the finder for scenes that are cut into tiles so.
using FinderFor = std::function<std::unique_ptr<ObjectFinder>(const TaskScenes& scenes, const Tiling& tiling)>;

}  // namespace skysense
