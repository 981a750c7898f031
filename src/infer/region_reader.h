#pragma once

#include <optional>
#include <vector>

#include "core/modality.h"
#include "data/place_sample.h"
#include "infer/cell_window.h"

namespace skysense {

/// All sensors over one rectangle of cells, each on its own pixels, a whole number of which divide a cell's side.
using RegionImages = PerModality<std::optional<ImageSeries>>;
/// The same ground at each of the times that a task compares, earlier first; where nothing is compared there is one.
using Region = std::vector<RegionImages>;

/// Where tiles get their pixels from: the rasters of a scene, or a stand-in in tests.
class RegionReader {
 public:
  virtual ~RegionReader() = default;
  /// Pixels beyond the scene are 0 and invalid. The same window gives the same values, always. Throws DataError.
  virtual Region read(const CellWindow& window) = 0;
  /// Takes the pixels of these cells into the reader's statistics; called at most once for a cell.
  virtual void count(const CellWindow& window) {}
};

}  // namespace skysense
