#pragma once

#include <c10/core/ScalarType.h>

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "heads/task_product.h"
#include "infer/augmented_extractor.h"
#include "infer/scene_run.h"
#include "infer/task_scenes.h"

namespace skysense {

/// How a fine-tuned model is run over a scene.
struct PredictOptions {
  std::vector<SceneRequest> times;  ///< one scene; for change two of the same ground, the earlier first
  std::optional<MapBox> bbox;       ///< in the scene's CRS; nothing: the whole scene
  int64_t max_memory = 0;           ///< bytes; 0: no limit
  int64_t jobs = 1;                 ///< batches computed at once, each by one thread; fewer where memory is short
  int64_t tile = 0;                 ///< side in pixels of the output; 0: the model's own
  int64_t overlap = -1;             ///< of neighbouring tiles, in pixels of the output; -1: an eighth of the tile
  int64_t block = 512;              ///< side in pixels of what is finished, and kept, at once: a tile of the COG
  BlendWindow window = BlendWindow::kTrapezoid;
  TestTimeAugmentation augmentation = TestTimeAugmentation::kNone;
  c10::ScalarType dtype = c10::kFloat;
  std::map<std::string, std::string> tags{};  ///< further provenance
};

/// A scene or two, a fine-tuned model and the way to go through them, ready to run. The output lies on the pixels of
/// the task's output modality: the CRS, corner and size of its raster.
class PredictJob {
 public:
  /// Opens the scenes and plans the memory; `product` must outlive it. Throws DataError for a model of another kind of
  /// task, for scenes that do not fit it or each other, and for dates that are missing or out of order.
  PredictJob(const TaskProduct& product, const PredictOptions& options);

  const TaskProduct& product() const { return scenes_.product(); }
  const PredictOptions& options() const { return options_; }
  const TaskScenes& scenes() const { return scenes_; }
  /// The first time's.
  const Scene& scene() const { return scenes_.scene(); }
  /// Pixels asked for, counted from the corner of the reference raster.
  const PixelWindow& area() const { return scenes_.area(); }
  const SceneRun& run() const { return *run_; }
  /// The area in blocks of cells, in the order in which they are computed.
  std::vector<CellWindow> blocks() const { return run_->blocks(); }
  /// The area's pixels in a block, counted from the area's corner.
  PixelWindow pixels_in(const CellWindow& block) const;
  /// The part of a block's map [.., h, w] that lies in the area, on the raster's pixels whatever the labels had.
  torch::Tensor crop(const torch::Tensor& map, const CellWindow& block) const;
  /// Computes blocks, with progress on stderr; a signal noted meanwhile throws Interrupted with `advice`.
  FeatureRunCounts compute(const std::vector<CellWindow>& blocks,
                           const std::function<void(const WindowFeatures&)>& sink, const std::string& advice) const;
  /// Seconds that the network takes for one batch of tiles: measured on empty ones with all jobs at work, over their
  /// number.
  double measure_batch_seconds() const;
  /// What the output's values depend on, by name: the model, the scenes, the area and the way of computing. Two jobs
  /// with equal conditions give equal bytes.
  std::map<std::string, std::string> conditions() const;
  /// What an output says of its origin.
  std::map<std::string, std::string> provenance() const;

 private:
  SceneRunOptions run_options() const;
  std::string device() const;

  const PredictOptions options_;
  const TaskScenes scenes_;
  std::optional<SceneRun> run_;
};

}  // namespace skysense
