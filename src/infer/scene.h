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

/// What to read and how to understand it.
struct SceneRequest {
  PerModality<std::vector<SceneImage>> images;
  SensorContracts stored;  ///< what the files hold, where `wanted` does not say it (--sensor)
  SensorContracts wanted;  ///< the model's contracts
  RasterReading reading;
  double grid = 0;  ///< side of an output cell in map units; 0: 32 HR pixels, or one MS or SAR pixel
};

/// Pixels met, over all images.
struct PixelCounts {
  int64_t pixels = 0, invalid = 0, nan = 0;
};

/// The opened rasters of one place: its cell grid, and regions of it as physical values.
///
/// The reference sensor (HR where there is one, else MS, else SAR) sets resolution and extent: a cell is a whole number
/// of its pixels, read as they are. Images of other grids of the same CRS are resampled onto whole divisions of a cell.
class Scene : public RegionReader {
 public:
  /// Throws DataError for a file that cannot be read or does not fit: bands, CRS, georeference, a modality that the
  /// model lacks, a grid that is no multiple of the reference's pixel.
  explicit Scene(const SceneRequest& request);

  const CellGrid& grid() const { return *grid_; }
  /// The cells that the reference sensor's images touch.
  const CellWindow& extent() const { return extent_; }
  Modality reference() const { return reference_; }
  const PerModality<std::vector<SceneRaster>>& rasters() const { return rasters_; }
  /// Pixels along a cell's side; 0 where the scene has no such modality.
  const PerModality<int64_t>& pixels_per_cell() const { return pixels_; }
  /// "hr aerial-rgb; ms sentinel2-l2a 2024-05-01 2024-06-01": for provenance.
  std::string summary() const;

  Region read(const CellWindow& window) override;
  void count(const CellWindow& window) override;
  const PixelCounts& counts() const { return counts_; }

 private:
  void open(const SceneRequest& request);
  void check_ground();
  void choose_grid(double side);

  PerModality<std::vector<SceneRaster>> rasters_;
  std::optional<CellGrid> grid_;
  CellWindow extent_;
  Modality reference_ = Modality::kHr;
  PerModality<int64_t> pixels_{};
  PixelCounts counts_;
};

}  // namespace skysense
