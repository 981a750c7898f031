#pragma once

#include <torch/types.h>

#include <mutex>
#include <optional>
#include <vector>

#include "infer/cell_grid.h"
#include "model/geo_prototypes.h"
#include "raster/coordinate_transform.h"

namespace skysense {

/// The geo-context prototypes of tiles: those of the region that a tile's middle lies in, where the model has some and
/// the scene says where it is.
class TilePrototypes {
 public:
  /// `grid` is that of the tiles, `device` the network's.
  TilePrototypes(const std::optional<GeoPrototypes>& prototypes, const CellGrid& grid, torch::Device device);
  /// Callable from several threads. [B, P, d] on the device; zeros where the place is unknown; undefined without
  /// prototypes.
  torch::Tensor gather(const std::vector<CellWindow>& tiles) const;

 private:
  /// Longitude and latitude of the tiles' middles [B, 2] float64; NaN where unknown.
  torch::Tensor locate(const std::vector<CellWindow>& tiles) const;

  std::optional<GeoPrototypes> prototypes_;
  CellGrid grid_;
  torch::Device device_;
  std::optional<CoordinateTransform> to_lonlat_;
  mutable std::mutex transforming_;  // PROJ serves one thread at a time
};

}  // namespace skysense
