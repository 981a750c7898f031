#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "heads/task_product.h"
#include "infer/predicted_image.h"
#include "infer/scene.h"
#include "infer/tiling.h"

namespace skysense {

/// How a scene is cut into tiles, in pixels of the output.
struct TileChoice {
  int64_t tile = 0;      ///< side; 0: the model's own
  int64_t overlap = -1;  ///< of neighbouring tiles; -1: `part` of the tile
  int64_t part = 8;      ///< of a tile is shared where `overlap` does not say it
  BlendWindow window = BlendWindow::kTrapezoid;
};

/// The scenes of a fine-tuned model, opened: one, or for change two of the same ground. The output lies on the pixels
/// of the task's output modality: the CRS, corner and size of its raster at the first time.
class TaskScenes {
 public:
  /// `product` must outlive it; its network may be empty. Throws DataError for scenes that do not fit the model or each
  /// other, and for dates that are missing or out of order.
  TaskScenes(const TaskProduct& product, const std::vector<SceneRequest>& times, const std::optional<MapBox>& bbox);

  const TaskProduct& product() const { return product_; }
  /// Pixels of the task's labels along a cell's side.
  int64_t divisions() const { return divisions_; }
  /// Pixels of the output modality's raster along it: as many, but where the labels lie on the pixels of no input.
  int64_t raster_pixels() const { return scene().grid().pixels_per_cell(); }
  size_t times() const { return scenes_.size(); }
  /// The first time's.
  const Scene& scene() const { return *scenes_.front(); }
  /// Images of each modality at a time.
  PerModality<int64_t> images() const;
  /// All of them, by time, modality and place in the series.
  std::vector<PredictedImage> all_images() const;
  /// The days of the images that are dated, in order.
  std::vector<Date> dates() const;
  /// Pixels asked for, counted from the corner of the reference raster.
  const PixelWindow& area() const { return area_; }
  /// The area's.
  Georeference georeference() const;
  PixelCounts counts() const;

  /// Tiles in batches of as many pixels as the model's own have. Throws UsageError for an overlap of more than half.
  Tiling tiling(const TileChoice& choice) const;
  int64_t region_bytes(const Tiling& tiling) const;
  /// Reads all times; must not outlive this.
  std::unique_ptr<RegionReader> reader() const;

  /// What an output's values depend on, by name: the model, the scenes and the area.
  std::map<std::string, std::string> conditions() const;
  /// What an output says of its origin.
  std::map<std::string, std::string> provenance() const;

 private:
  void open();

  const TaskProduct& product_;
  const std::vector<SceneRequest> requests_;
  int64_t divisions_;
  std::vector<std::unique_ptr<Scene>> scenes_;
  PixelWindow area_;
};

}  // namespace skysense
