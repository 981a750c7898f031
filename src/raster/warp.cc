#include "raster/warp.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include "core/error.h"
#include "raster/coordinate_transform.h"
#include "raster/resample.h"

namespace skysense {
namespace {

constexpr int64_t kCellBlock = 128;                 // cells a side that are worked on at once
constexpr int64_t kPatchValues = int64_t{1} << 24;  // source values in memory at once, unless one cell needs more

class Warp {
 public:
  Warp(const RasterReader& reader, const TargetGrid& grid, std::span<const int64_t> bands, Resampling resampling,
       float* values, uint8_t* valid)
      : reader_(reader),
        grid_(grid),
        georeference_{grid.wkt, grid.transform},
        bands_(bands),
        resampling_(resampling),
        values_(values),
        valid_(valid) {
    if (!reader.georeference().known()) {
      const bool points = reader.has_only_control_points();
      throw DataError(fmt::format("{}: {}; {}", reader.path(),
                                  points ? "has ground control points but no grid"
                                         : "has no georeference, so it cannot be brought onto another grid",
                                  points ? "run gdalwarp on it first" : "add one (gdal_edit.py, a world file)"));
    }
    if (!same_crs(reader.georeference().wkt, grid.wkt)) {
      to_source_ = CoordinateTransform::between(grid.wkt, reader.georeference().wkt);
      if (!to_source_)
        throw DataError(
            fmt::format("{}: no transformation between its reference system and the wanted one", reader.path()));
    }
  }

  ReadCounts run() {
    for (int64_t y = 0; y < grid_.height; y += kCellBlock) {
      for (int64_t x = 0; x < grid_.width; x += kCellBlock) {
        fill({x, y, std::min(kCellBlock, grid_.width - x), std::min(kCellBlock, grid_.height - y)});
      }
    }
    return counts_;
  }

 private:
  /// The centres of a block's cells in source pixel coordinates; HUGE_VAL where there is none.
  std::vector<PixelPoint> centres(const PixelWindow& cells) const {
    std::vector<double> x, y;
    for (int64_t row = 0; row < cells.height; ++row) {
      for (int64_t column = 0; column < cells.width; ++column) {
        const MapPoint map = georeference_.to_map({cells.x + column + 0.5, cells.y + row + 0.5});
        x.push_back(map.x);
        y.push_back(map.y);
      }
    }
    if (to_source_) to_source_->apply(static_cast<int64_t>(x.size()), x.data(), y.data());
    std::vector<PixelPoint> points(x.size());
    for (size_t i = 0; i < x.size(); ++i) {
      const bool finite = std::abs(x[i]) < 1e300 && std::abs(y[i]) < 1e300;
      points[i] = finite ? reader_.georeference().to_pixel({x[i], y[i]}) : PixelPoint{HUGE_VAL, HUGE_VAL};
    }
    return points;
  }

  /// The sides, in source pixels, of the cell in the middle of the block.
  CellFootprint footprint(const PixelWindow& cells) const {
    const int64_t x = cells.x + cells.width / 2, y = cells.y + cells.height / 2;
    const auto around = centres({x, y, 2, 2});
    const double width = std::abs(around[1].x - around[0].x) + std::abs(around[2].x - around[0].x);
    const double height = std::abs(around[1].y - around[0].y) + std::abs(around[2].y - around[0].y);
    const auto side = [](double length) { return std::isfinite(length) ? std::max(length, 1.0) : 1.0; };
    return {side(width), side(height)};
  }

  void fill(const PixelWindow& cells) {
    const auto points = centres(cells);
    const CellFootprint cell = footprint(cells);
    const PixelWindow source = source_window(points, cell);
    const int64_t needed = source.pixels() * static_cast<int64_t>(bands_.size());
    if (needed > kPatchValues && cells.pixels() > 1) {
      const bool wide = cells.width >= cells.height;
      const int64_t half = (wide ? cells.width : cells.height) / 2;
      fill({cells.x, cells.y, wide ? half : cells.width, wide ? cells.height : half});
      fill(wide ? PixelWindow{cells.x + half, cells.y, cells.width - half, cells.height}
                : PixelWindow{cells.x, cells.y + half, cells.width, cells.height - half});
      return;
    }
    std::vector<float> values(static_cast<size_t>(needed));
    std::vector<uint8_t> valid(static_cast<size_t>(source.pixels()));
    if (source.pixels() > 0) counts_.nan += reader_.read(source, bands_, values.data(), valid.data()).nan;
    const PixelPatch patch{source, static_cast<int64_t>(bands_.size()), values.data(), valid.data()};
    for (int64_t i = 0; i < cells.pixels(); ++i) {
      const PixelPoint& point = points[static_cast<size_t>(i)];
      const int64_t target = (cells.y + i / cells.width) * grid_.width + cells.x + i % cells.width;
      const bool good = sample_cell(patch, point, cell, resampling_, values_ + target, grid_.width * grid_.height);
      if (valid_ != nullptr) valid_[target] = good ? 1 : 0;
      const bool within = point.x >= 0 && point.y >= 0 && point.x < static_cast<double>(reader_.width()) &&
                          point.y < static_cast<double>(reader_.height());
      counts_.pixels += within ? 1 : 0;
      counts_.invalid += within && !good ? 1 : 0;
    }
  }

  PixelWindow source_window(const std::vector<PixelPoint>& points, const CellFootprint& cell) const {
    double left = 1e300, top = 1e300, right = -1e300, bottom = -1e300;
    for (const PixelPoint& point : points) {
      if (!std::isfinite(point.x) || !std::isfinite(point.y)) continue;
      left = std::min(left, point.x);
      right = std::max(right, point.x);
      top = std::min(top, point.y);
      bottom = std::max(bottom, point.y);
    }
    if (left > right) return {};
    const double margin_x = cell.width / 2 + 1, margin_y = cell.height / 2 + 1;
    const auto clamp = [](double value, int64_t size) {
      return static_cast<int64_t>(std::clamp(value, 0.0, static_cast<double>(size)));
    };
    const int64_t x0 = clamp(std::floor(left - margin_x), reader_.width()),
                  x1 = clamp(std::ceil(right + margin_x), reader_.width());
    const int64_t y0 = clamp(std::floor(top - margin_y), reader_.height()),
                  y1 = clamp(std::ceil(bottom + margin_y), reader_.height());
    return {x0, y0, x1 - x0, y1 - y0};
  }

  const RasterReader& reader_;
  const TargetGrid& grid_;
  const Georeference georeference_;
  const std::span<const int64_t> bands_;
  const Resampling resampling_;
  float* const values_;
  uint8_t* const valid_;
  std::optional<CoordinateTransform> to_source_;
  ReadCounts counts_;
};

}  // namespace

std::optional<PixelWindow> window_of_grid(const RasterReader& reader, const TargetGrid& grid) {
  const Georeference& own = reader.georeference();
  if (!same_crs(own.wkt, grid.wkt)) return std::nullopt;
  const Georeference wanted{grid.wkt, grid.transform};
  const PixelPoint first = own.to_pixel(wanted.to_map({0, 0}));
  const PixelPoint last =
      own.to_pixel(wanted.to_map({static_cast<double>(grid.width), static_cast<double>(grid.height)}));
  const PixelPoint right = own.to_pixel(wanted.to_map({static_cast<double>(grid.width), 0}));
  const double x = std::round(first.x), y = std::round(first.y);
  // A hundredth of a pixel over the whole grid is rounding in the file's coordinates, not a shift.
  constexpr double kTolerance = 0.01;
  const double width = static_cast<double>(grid.width), height = static_cast<double>(grid.height);
  const bool on_grid = std::abs(first.x - x) < kTolerance && std::abs(first.y - y) < kTolerance &&
                       std::abs(last.x - x - width) < kTolerance && std::abs(last.y - y - height) < kTolerance &&
                       std::abs(right.y - y) < kTolerance && std::abs(right.x - x - width) < kTolerance;
  if (!on_grid) return std::nullopt;
  return PixelWindow{static_cast<int64_t>(x), static_cast<int64_t>(y), grid.width, grid.height};
}

ReadCounts warp_onto(const RasterReader& reader, const TargetGrid& grid, std::span<const int64_t> bands,
                     Resampling resampling, float* values, uint8_t* valid) {
  if (const auto window = window_of_grid(reader, grid)) return reader.read(*window, bands, values, valid);
  return Warp(reader, grid, bands, resampling, values, valid).run();
}

}  // namespace skysense
