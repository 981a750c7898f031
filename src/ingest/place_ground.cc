#include "ingest/place_ground.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "raster/coordinate_transform.h"

namespace skysense {
namespace {

Georeference georeference(const TargetGrid& grid) { return {grid.wkt, grid.transform}; }

double pixel_side_m(const TargetGrid& grid) {
  return ground_sample_distance_m(georeference(grid), grid.width, grid.height).value_or(1);
}

/// The box round `grid` in pixels of `reference`.
MapBox box_in_pixels(const TargetGrid& grid, const TargetGrid& reference, const std::string& origin) {
  const double width = static_cast<double>(grid.width), height = static_cast<double>(grid.height);
  std::array<double, 4> x{}, y{};
  const std::array<PixelPoint, 4> corners = {{{0, 0}, {width, 0}, {0, height}, {width, height}}};
  for (size_t i = 0; i < corners.size(); ++i) {
    const MapPoint map = georeference(grid).to_map(corners[i]);
    x[i] = map.x;
    y[i] = map.y;
  }
  if (!same_crs(grid.wkt, reference.wkt)) {
    const auto transform = CoordinateTransform::between(grid.wkt, reference.wkt);
    if (!transform || !transform->apply(4, x.data(), y.data())) {
      throw DataError(
          fmt::format("{}: its modalities have reference systems without a transformation between them", origin));
    }
  }
  MapBox box{1e300, 1e300, -1e300, -1e300};
  for (size_t i = 0; i < corners.size(); ++i) {
    const PixelPoint pixel = georeference(reference).to_pixel({x[i], y[i]});
    box = {std::min(box.min_x, pixel.x), std::min(box.min_y, pixel.y), std::max(box.max_x, pixel.x),
           std::max(box.max_y, pixel.y)};
  }
  return box;
}

}  // namespace

PerModality<std::optional<TargetGrid>> common_ground(const PerModality<std::optional<TargetGrid>>& native,
                                                     const std::string& origin) {
  const auto is_there = [](const std::optional<TargetGrid>& grid) { return grid.has_value(); };
  if (std::count_if(native.begin(), native.end(), is_there) < 2) return native;
  const TargetGrid* coarsest = nullptr;
  for (const auto& grid : native) {
    if (!grid) continue;
    if (grid->wkt.empty()) return native;
    if (coarsest == nullptr || pixel_side_m(*grid) > pixel_side_m(*coarsest)) coarsest = &*grid;
  }
  MapBox shared{0, 0, static_cast<double>(coarsest->width), static_cast<double>(coarsest->height)};
  for (const auto& grid : native) {
    if (!grid || &*grid == coarsest) continue;
    const MapBox box = box_in_pixels(*grid, *coarsest, origin);
    shared = {std::max(shared.min_x, box.min_x), std::max(shared.min_y, box.min_y), std::min(shared.max_x, box.max_x),
              std::min(shared.max_y, box.max_y)};
  }
  constexpr double kSlack = 0.05;  // of a coarse pixel: footprints of another CRS never agree exactly
  const double x0 = std::ceil(shared.min_x - kSlack), y0 = std::ceil(shared.min_y - kSlack);
  const double columns = std::floor(shared.max_x + kSlack) - x0, rows = std::floor(shared.max_y + kSlack) - y0;
  if (!(columns >= 1) || !(rows >= 1)) throw DataError(fmt::format("{}: its modalities share no ground", origin));

  PerModality<std::optional<TargetGrid>> grids;
  const Georeference ground = georeference(*coarsest).moved({x0, y0});
  for (const Modality modality : kModalities) {
    if (!native[modality]) continue;
    const double cells =
        pixel_side_m(*coarsest) / pixel_side_m(*native[modality]);  // a coarse pixel's side in own pixels
    TargetGrid grid{ground.wkt, ground.transform, std::max<int64_t>(1, std::llround(columns * cells)),
                    std::max<int64_t>(1, std::llround(rows * cells))};
    const double step_x = columns / static_cast<double>(grid.width), step_y = rows / static_cast<double>(grid.height);
    grid.transform[1] *= step_x;
    grid.transform[4] *= step_x;
    grid.transform[2] *= step_y;
    grid.transform[5] *= step_y;
    grids[modality] = grid;
  }
  return grids;
}

PerModality<std::optional<TargetGrid>> grids_of_ground(const PlaceGround& ground, const SensorContracts& contracts,
                                                       const std::string& origin) {
  const std::string wkt = wkt_from_text(ground.crs);
  const auto metres = metres_per_unit(wkt);
  if (!metres) {
    throw DataError(
        fmt::format("{}: its ground is in {}, which has no units of length: give a projected reference "
                    "system (the UTM zone) and the box in it",
                    origin, ground.crs));
  }
  PerModality<std::optional<TargetGrid>> grids;
  const SensorContract* reference = nullptr;
  for (const Modality modality : {Modality::kMs, Modality::kSar, Modality::kHr}) {
    if (reference == nullptr && contracts[modality]) reference = &*contracts[modality];
  }
  if (reference == nullptr) return grids;
  const double width_m = (ground.max_x - ground.min_x) * *metres, height_m = (ground.max_y - ground.min_y) * *metres;
  const auto whole = [](double count) { return std::max(1.0, std::round(count)); };
  for (const Modality modality : kModalities) {
    if (!contracts[modality]) continue;
    const double ratio = reference->gsd_m / contracts[modality]->gsd_m;  // own pixels a side of the reference's
    const double columns =
        ratio >= 1 ? whole(width_m / reference->gsd_m) * whole(ratio) : whole(width_m / contracts[modality]->gsd_m);
    const double rows =
        ratio >= 1 ? whole(height_m / reference->gsd_m) * whole(ratio) : whole(height_m / contracts[modality]->gsd_m);
    if (!(std::max(columns, rows) <= static_cast<double>(kMaxPlaceSide))) {
      throw DataError(
          fmt::format("{}: its ground of {:.6g} x {:.6g} m has more than {} {} pixels of {:.6g} m a side: "
                      "cut smaller places (skysense index --place-size)",
                      origin, width_m, height_m, kMaxPlaceSide, modality_name(modality), contracts[modality]->gsd_m));
    }
    grids[modality] = TargetGrid{wkt,
                                 {ground.min_x, (ground.max_x - ground.min_x) / columns, 0, ground.max_y, 0,
                                  -(ground.max_y - ground.min_y) / rows},
                                 static_cast<int64_t>(columns),
                                 static_cast<int64_t>(rows)};
  }
  return grids;
}

}  // namespace skysense
