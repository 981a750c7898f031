#include "infer/tile_prototypes.h"

#include <cmath>
#include <limits>

namespace skysense {

TilePrototypes::TilePrototypes(const std::optional<GeoPrototypes>& prototypes, const CellGrid& grid,
                               torch::Device device)
    : prototypes_(prototypes), grid_(grid), device_(device) {
  if (prototypes_ && grid.reference().known()) {
    to_lonlat_ = CoordinateTransform::between(grid.reference().wkt, wkt_from_text("EPSG:4326"));
  }
}

torch::Tensor TilePrototypes::locate(const std::vector<CellWindow>& tiles) const {
  auto locations =
      torch::full({static_cast<int64_t>(tiles.size()), 2}, std::numeric_limits<double>::quiet_NaN(), torch::kFloat64);
  auto rows = locations.accessor<double, 2>();
  const std::lock_guard lock(transforming_);
  for (size_t i = 0; to_lonlat_ && i < tiles.size(); ++i) {
    const Georeference own = grid_.georeference(tiles[i]);
    MapPoint middle =
        own.to_map({0.5 * static_cast<double>(tiles[i].columns), 0.5 * static_cast<double>(tiles[i].rows)});
    // Beyond the edge of its projection, or of the globe, a tile is nowhere.
    if (!to_lonlat_->apply(1, &middle.x, &middle.y) || !(std::abs(middle.y) <= 90)) continue;
    rows[static_cast<int64_t>(i)][0] = middle.x;
    rows[static_cast<int64_t>(i)][1] = middle.y;
  }
  return locations;
}

torch::Tensor TilePrototypes::gather(const std::vector<CellWindow>& tiles) const {
  if (!prototypes_) return {};
  return prototypes_->gather(prototypes_->regions_of(locate(tiles)), device_);
}

}  // namespace skysense
