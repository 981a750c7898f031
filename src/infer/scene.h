#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/sensor_contract.h"
#include "infer/cell_grid.h"
#include "infer/region_reader.h"
#include "infer/scene_raster.h"

namespace skysense {

/// The cells that a task's network wants.
struct SceneCells {
  Modality reference = Modality::kHr;  ///< on whose pixels the output lies
  PerModality<int64_t> pixels{};       ///< along a cell's side
  std::optional<CellGrid> grid;        ///< that of an earlier time; nothing: of the reference's first raster
};

/// What to read and how to understand it.
struct SceneRequest {
  PerModality<std::vector<SceneImage>> images;
  SensorContracts stored;  ///< what the files hold, where `wanted` does not say it (--sensor)
  SensorContracts wanted;  ///< the model's contracts
  RasterReading reading;
  double grid = 0;                    ///< side of an output cell in map units; 0: 32 HR pixels, or one MS or SAR pixel
  std::optional<SceneCells> cells{};  ///< in place of `grid`
};

/// Pixels met, over all images.
struct PixelCounts {
  int64_t pixels = 0, invalid = 0, nan = 0;
};

/// The opened rasters of one place: its cell grid, and regions of it as physical values.
///
/// The reference sensor (HR where there is one, else MS, else SAR) sets resolution and extent: a cell is a whole number
/// of its pixels, read as they are. Images of other grids of the same CRS are resampled onto whole divisions of a cell.
/// SceneRequest::cells makes another choice.
class Scene : public RegionReader {
 public:
  /// Throws DataError for a file that cannot be read or does not fit: bands, CRS, georeference, a modality that the
  /// model lacks, a grid that is no multiple of the reference's pixel; for rasters that lie apart.
  explicit Scene(const SceneRequest& request);

  const CellGrid& grid() const { return *grid_; }
  /// The cells that the reference sensor's images touch.
  const CellWindow& extent() const { return extent_; }
  /// The reference's pixels that they have, from the first one's corner.
  const PixelWindow& pixel_extent() const { return pixel_extent_; }
  Modality reference() const { return reference_; }
  const PerModality<std::vector<SceneRaster>>& rasters() const { return rasters_; }
  /// Pixels along a cell's side; 0 where the scene has no such modality.
  const PerModality<int64_t>& pixels_per_cell() const { return pixels_; }
  /// "hr aerial-rgb; ms sentinel2-l2a 2024-05-01 2024-06-01": for provenance.
  std::string summary() const;
  /// The part of a box in map units that the scene covers, the extent without one. Throws UsageError for a box that is
  /// none, DataError for one that misses the scene.
  CellWindow area(const std::optional<MapBox>& bbox) const;
  PixelWindow pixel_area(const std::optional<MapBox>& bbox) const;

  Region read(const CellWindow& window) override;
  void count(const CellWindow& window) override;
  const PixelCounts& counts() const { return counts_; }

 private:
  void open(const SceneRequest& request);
  void check_ground();
  void choose_grid(const SceneRequest& request);
  int64_t choose_cell(double side) const;
  void check_overlap() const;

  PerModality<std::vector<SceneRaster>> rasters_;
  std::optional<CellGrid> grid_;
  CellWindow extent_;
  PixelWindow pixel_extent_;
  Modality reference_ = Modality::kHr;
  PerModality<int64_t> pixels_{};
  PixelCounts counts_;
};

}  // namespace skysense
