#include "ingest/osm_rasterize.h"

#include <fmt/format.h>
#include <gdal_alg.h>
#include <gdal_priv.h>
#include <ogr_geometry.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <numeric>

#include "core/error.h"
#include "raster/coordinate_transform.h"
#include "raster/gdal_call.h"

namespace skysense {
namespace {

constexpr int64_t kBlock = 1024;               // side of a block in pixels
constexpr double kSnap = 1024;                 // corners are rounded to this part of a pixel
constexpr double kMargin_m = 400;              // more than any width
constexpr double kDegree_m = 111320;           // of latitude
constexpr int kQuadrantSegments = 8;           // of a round end
constexpr double kTrueToScale = 0.01;          // map units are taken for metres where they are so to within this part
constexpr int64_t kMostBurntPixels = 1 << 30;  // corners further off are pulled in: beyond any block

/// A feature as it is drawn: areas in pixels of the grid.
struct Drawing {
  std::unique_ptr<OGRGeometry> shape;
  PixelWindow window;
  int64_t order = 0;
  double size = 0;
  size_t rule = 0;
  uint8_t value = 0;

  bool operator<(const Drawing& other) const {
    if (order != other.order) return order < other.order;
    if (size != other.size) return size > other.size;
    return rule < other.rule;
  }
};

template <class Change>
void change_curve(OGRSimpleCurve& curve, const Change& change) {
  for (int i = 0; i < curve.getNumPoints(); ++i) {
    const MapPoint point = change(MapPoint{curve.getX(i), curve.getY(i)});
    curve.setPoint(i, point.x, point.y);
  }
}

/// Moves every corner of a shape.
template <class Change>
void change_points(OGRGeometry& shape, const Change& change) {
  switch (wkbFlatten(shape.getGeometryType())) {
    case wkbPoint: {
      OGRPoint& point = *shape.toPoint();
      const MapPoint moved = change(MapPoint{point.getX(), point.getY()});
      point.setX(moved.x);
      point.setY(moved.y);
      return;
    }
    case wkbLineString:
      return change_curve(*shape.toLineString(), change);
    case wkbPolygon:
      for (OGRLinearRing* ring : *shape.toPolygon()) change_curve(*ring, change);
      return;
    default:
      for (OGRGeometry* part : *shape.toGeometryCollection()) change_points(*part, change);
  }
}

/// Metres on the ground of one map unit to the right and one upwards.
struct UnitLengths {
  double x_m = 1, y_m = 1;
};

/// A grid with what drawing on it needs.
class Canvas {
 public:
  explicit Canvas(const TargetGrid& grid) : grid_(grid), georeference_{grid.wkt, grid.transform} {
    if (grid.wkt.empty()) throw DataError("the grid has no coordinate reference system: labels need to know its place");
    auto there = CoordinateTransform::between(wkt_from_text("EPSG:4326"), grid.wkt);
    auto back = CoordinateTransform::between(grid.wkt, wkt_from_text("EPSG:4326"));
    if (!there || !back) throw DataError("the grid's coordinate reference system cannot be reached from WGS 84");
    to_map_.emplace(std::move(*there));
    to_degrees_.emplace(std::move(*back));
    OGRSpatialReference crs;
    crs.importFromWkt(grid.wkt.c_str());
    if (!crs.IsGeographic()) metres_a_unit_ = crs.GetLinearUnits();
  }

  /// The side of a pixel in metres at a point of the map.
  double gsd_m(const UnitLengths& unit) const {
    const auto& t = grid_.transform;
    return std::sqrt(std::abs(t[1] * t[5] - t[2] * t[4]) * unit.x_m * unit.y_m);
  }

  std::optional<UnitLengths> unit_lengths(MapPoint at) const {
    // A pixel's side each way, measured on the globe.
    const double step =
        std::sqrt(std::abs(grid_.transform[1] * grid_.transform[5] - grid_.transform[2] * grid_.transform[4]));
    std::array<double, 3> x = {at.x, at.x + step, at.x}, y = {at.y, at.y, at.y + step};
    if (!to_degrees_->apply(3, x.data(), y.data())) return std::nullopt;
    const double shrink = std::cos(y[0] * std::numbers::pi / 180);
    const auto length = [&](size_t i) {
      return std::hypot((x[i] - x[0]) * shrink * parallel_m(y[0]), (y[i] - y[0]) * meridian_m(y[0])) / step;
    };
    UnitLengths unit{length(1), length(2)};
    const auto near = [&](double metres) { return std::abs(metres / metres_a_unit_ - 1) < kTrueToScale; };
    if (metres_a_unit_ > 0 && near(unit.x_m) && near(unit.y_m)) unit = {metres_a_unit_, metres_a_unit_};
    if (!(unit.x_m > 0) || !(unit.y_m > 0) || !std::isfinite(unit.x_m + unit.y_m)) return std::nullopt;
    return unit;
  }

  /// The middle of the grid.
  MapPoint middle() const {
    return georeference_.to_map({static_cast<double>(grid_.width) / 2, static_cast<double>(grid_.height) / 2});
  }

  /// A shape in degrees brought to the map; null where it has no place there.
  std::unique_ptr<OGRGeometry> on_map(const OGRGeometry& shape) const {
    std::unique_ptr<OGRGeometry> moved(shape.clone());
    bool fits = true;
    change_points(*moved, [&](MapPoint point) {
      fits = to_map_->apply(1, &point.x, &point.y) && std::isfinite(point.x) && std::isfinite(point.y) && fits;
      return point;
    });
    return fits ? std::move(moved) : nullptr;
  }

  /// Corners in pixels of the grid, rounded so that every block and every window sees the same ones.
  void to_pixels(OGRGeometry& shape) const {
    change_points(shape, [&](MapPoint point) {
      const PixelPoint pixel = georeference_.to_pixel(point);
      const double most = static_cast<double>(kMostBurntPixels);
      return MapPoint{std::round(std::clamp(pixel.x, -most, most) * kSnap) / kSnap,
                      std::round(std::clamp(pixel.y, -most, most) * kSnap) / kSnap};
    });
  }

  MapBox box_deg() const;

 private:
  // Metres of a degree along the parallel (before the cosine) and the meridian, on the ellipsoid WGS 84.
  static double parallel_m(double latitude_deg) {
    return kEquator_m / std::sqrt(flattened(latitude_deg)) * std::numbers::pi / 180;
  }
  static double meridian_m(double latitude_deg) {
    const double root = std::sqrt(flattened(latitude_deg));
    return kEquator_m * (1 - kEccentricity2) / (root * root * root) * std::numbers::pi / 180;
  }
  static double flattened(double latitude_deg) {
    const double sine = std::sin(latitude_deg * std::numbers::pi / 180);
    return 1 - kEccentricity2 * sine * sine;
  }
  static constexpr double kEquator_m = 6378137, kEccentricity2 = 0.00669437999014;

  const TargetGrid grid_;
  const Georeference georeference_;
  std::optional<CoordinateTransform> to_map_, to_degrees_;
  double metres_a_unit_ = 0;  // 0 for degrees
};

MapBox Canvas::box_deg() const {
  constexpr int kSteps = 16;  // a side
  std::vector<double> x, y;
  for (int i = 0; i <= kSteps; ++i) {
    for (int j = 0; j <= kSteps; ++j) {
      const MapPoint point = georeference_.to_map(
          {static_cast<double>(grid_.width) * i / kSteps, static_cast<double>(grid_.height) * j / kSteps});
      x.push_back(point.x);
      y.push_back(point.y);
    }
  }
  const MapBox globe{-180, -90, 180, 90};
  if (!to_degrees_->apply(static_cast<int64_t>(x.size()), x.data(), y.data())) return globe;
  MapBox box{*std::ranges::min_element(x), *std::ranges::min_element(y), *std::ranges::max_element(x),
             *std::ranges::max_element(y)};
  // What bulges between the points looked at, and what is drawn wider than it is.
  const double bulge_x = (box.max_x - box.min_x) / kSteps, bulge_y = (box.max_y - box.min_y) / kSteps;
  const double farthest = std::max(std::abs(box.min_y), std::abs(box.max_y));
  const double margin_y = kMargin_m / kDegree_m + bulge_y;
  const double margin_x =
      kMargin_m / (kDegree_m * std::max(0.01, std::cos(farthest * std::numbers::pi / 180))) + bulge_x;
  box = {box.min_x - margin_x, box.min_y - margin_y, box.max_x + margin_x, box.max_y + margin_y};
  const bool plausible = box.max_x - box.min_x < 180 && box.min_y > -90 && box.max_y < 90;
  return plausible ? box : globe;
}

/// A line or point widened to `width_m` on the ground.
std::unique_ptr<OGRGeometry> widened(std::unique_ptr<OGRGeometry> shape, const UnitLengths& unit, MapPoint middle,
                                     double width_m) {
  change_points(*shape, [&](MapPoint point) {
    return MapPoint{(point.x - middle.x) * unit.x_m, (point.y - middle.y) * unit.y_m};
  });
  std::unique_ptr<OGRGeometry> area(shape->Buffer(width_m / 2, kQuadrantSegments));
  if (area == nullptr || area->IsEmpty()) return nullptr;
  change_points(*area, [&](MapPoint point) {
    return MapPoint{point.x / unit.x_m + middle.x, point.y / unit.y_m + middle.y};
  });
  return area;
}

/// The pixels that a shape may cover.
PixelWindow window_of(const OGRGeometry& shape) {
  OGREnvelope box;
  shape.getEnvelope(&box);
  const auto x = static_cast<int64_t>(std::floor(box.MinX)), y = static_cast<int64_t>(std::floor(box.MinY));
  return {x, y, static_cast<int64_t>(std::ceil(box.MaxX)) - x, static_cast<int64_t>(std::ceil(box.MaxY)) - y};
}

/// Prepares the features for drawing, uppermost last.
std::vector<Drawing> prepare(const OsmFeatures& features, const TargetGrid& grid, std::vector<OsmRuleCounts>& counts) {
  const Canvas canvas(grid);
  const MapBox box = canvas.box_deg();
  const PixelWindow whole{0, 0, grid.width, grid.height};
  const auto unit_in_middle = canvas.unit_lengths(canvas.middle());
  if (!unit_in_middle) throw DataError("the middle of the grid has no place on the globe");
  // A grid's windows must agree on what is too fine for them: the last digits of the length of a pixel may not.
  const double gsd_m = std::round(canvas.gsd_m(*unit_in_middle) * 100) / 100;
  std::vector<Drawing> drawings;
  for (const OsmFeature& feature : features.features()) {
    const OsmRule& rule = features.rules().rules[feature.rule];
    OsmRuleCounts& count = counts[feature.rule];
    if (gsd_m > rule.max_gsd_m) {
      ++count.too_fine;
      continue;
    }
    if (!feature.box_deg.meets(box)) {
      ++count.outside;
      continue;
    }
    Drawing drawing;
    drawing.shape = canvas.on_map(*feature.shape);
    if (drawing.shape != nullptr && feature.width_m > 0) {
      OGREnvelope extent;
      drawing.shape->getEnvelope(&extent);
      const MapPoint middle{(extent.MinX + extent.MaxX) / 2, (extent.MinY + extent.MaxY) / 2};
      const auto unit = canvas.unit_lengths(middle);
      drawing.shape = !unit ? nullptr
                            : widened(std::move(drawing.shape), *unit, middle,
                                      std::max(feature.width_m, rule.min_pixels * canvas.gsd_m(*unit)));
    }
    if (drawing.shape == nullptr) {
      ++count.broken;
      continue;
    }
    canvas.to_pixels(*drawing.shape);
    drawing.window = window_of(*drawing.shape).intersect(whole);
    if (drawing.window.pixels() == 0) {
      ++count.outside;
      continue;
    }
    drawing.order = rule.order;
    drawing.size = feature.size;
    drawing.rule = feature.rule;
    drawing.value = rule.class_number;
    ++count.drawn;
    drawings.push_back(std::move(drawing));
  }
  // Features that compare equal are of one rule: whichever comes first, the pixels are the same.
  std::sort(drawings.begin(), drawings.end());
  return drawings;
}

/// GDAL's callback for corners: from pixels of the grid to those of the block, exactly.
int shift_to_block(void* origin, int, int count, double* x, double* y, double*, int* success) {
  const auto& block = *static_cast<const PixelWindow*>(origin);
  for (int i = 0; i < count; ++i) {
    x[i] -= static_cast<double>(block.x);
    y[i] -= static_cast<double>(block.y);
    success[i] = TRUE;
  }
  return TRUE;
}

void draw(const std::vector<const Drawing*>& drawings, PixelWindow block, std::vector<uint8_t>& classes) {
  const DatasetPointer canvas(GetGDALDriverManager()->GetDriverByName("MEM")->Create(
      "", static_cast<int>(block.width), static_cast<int>(block.height), 1, GDT_Byte, nullptr));
  GdalCall call("labels");
  call.check(canvas != nullptr, "no memory for a block");
  canvas->GetRasterBand(1)->Fill(OsmRules::kUnlabelled);
  std::vector<OGRGeometryH> shapes;
  std::vector<double> values;
  for (const Drawing* drawing : drawings) {
    shapes.push_back(OGRGeometry::ToHandle(drawing->shape.get()));
    values.push_back(drawing->value);
  }
  int band = 1;
  CPLErr result = CE_None;
  if (!shapes.empty()) {
    result = GDALRasterizeGeometries(GDALDataset::ToHandle(canvas.get()), 1, &band, static_cast<int>(shapes.size()),
                                     shapes.data(), shift_to_block, &block, values.data(), nullptr, nullptr, nullptr);
  }
  call.check(result == CE_None, "cannot be drawn");
  classes.resize(static_cast<size_t>(block.pixels()));
  result = canvas->GetRasterBand(1)->RasterIO(
      GF_Read, 0, 0, static_cast<int>(block.width), static_cast<int>(block.height), classes.data(),
      static_cast<int>(block.width), static_cast<int>(block.height), GDT_Byte, 0, 0, nullptr);
  call.check(result == CE_None, "cannot be drawn");
}

}  // namespace

OsmLabelCounts rasterize_osm(const OsmFeatures& features, const TargetGrid& grid, const LabelSink& sink) {
  set_up_gdal();
  OsmLabelCounts counts;
  counts.rules.resize(features.rules().rules.size());
  counts.pixels.resize(features.rules().classes.size());
  const std::vector<Drawing> drawings = prepare(features, grid, counts.rules);
  std::vector<uint8_t> classes;
  for (int64_t y = 0; y < grid.height; y += kBlock) {
    const int64_t height = std::min(kBlock, grid.height - y);
    std::vector<const Drawing*> row;
    for (const Drawing& drawing : drawings) {
      if (drawing.window.y < y + height && drawing.window.y + drawing.window.height > y) row.push_back(&drawing);
    }
    for (int64_t x = 0; x < grid.width; x += kBlock) {
      const PixelWindow block{x, y, std::min(kBlock, grid.width - x), height};
      std::vector<const Drawing*> here;
      for (const Drawing* drawing : row) {
        if (drawing->window.intersect(block).pixels() > 0) here.push_back(drawing);
      }
      draw(here, block, classes);
      for (const uint8_t value : classes) ++(value == OsmRules::kUnlabelled ? counts.unlabelled : counts.pixels[value]);
      sink(block, classes.data());
    }
  }
  return counts;
}

MapBox osm_search_box(const TargetGrid& grid) { return Canvas(grid).box_deg(); }

}  // namespace skysense
