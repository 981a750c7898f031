#include "app/synth_vectors.h"

#include <fmt/format.h>
#include <ogr_spatialref.h>

#include <algorithm>

#include "raster/polygonize.h"

namespace skysense::app {
namespace {

using synth::LandCover;
using synth::ObjectClass;
using synth::SceneClass;
using synth::WayClass;

constexpr int32_t kBackground = -1;

/// What built-up land is used for.
OsmTags built_tags(SceneClass kind) {
  switch (kind) {
    case SceneClass::kIndustrial:
    case SceneClass::kHarbour:
      return {{"landuse", "industrial"}};
    case SceneClass::kAirport:
      return {{"aeroway", "apron"}};
    case SceneClass::kDenseUrban:
    case SceneClass::kResidential:
      return {{"landuse", "residential"}};
    default:
      return {{"landuse", "farmyard"}};
  }
}

OsmTags cover_tags(LandCover cover, SceneClass kind) {
  switch (cover) {
    case LandCover::kWater:
      return {{"natural", "water"}};
    case LandCover::kTrees:
      return kind == SceneClass::kOrchard ? OsmTags{{"landuse", "orchard"}} : OsmTags{{"natural", "wood"}};
    case LandCover::kGrass:
      return {{"natural", "grassland"}};
    case LandCover::kCrops:
      return {{"landuse", "farmland"}};
    case LandCover::kBare:
      return {{"natural", "sand"}};
    case LandCover::kWetland:
      return {{"natural", "wetland"}};
    default:
      return built_tags(kind);
  }
}

OsmTags object_tags(ObjectClass kind) {
  switch (kind) {
    case ObjectClass::kBuilding:
      return {{"building", "yes"}};
    case ObjectClass::kStorageTank:
      return {{"man_made", "storage_tank"}};
    case ObjectClass::kSwimmingPool:
      return {{"leisure", "swimming_pool"}};
    case ObjectClass::kSportsField:
      return {{"leisure", "pitch"}};
    case ObjectClass::kBridge:
      return {{"man_made", "bridge"}};
    default:
      return {};
  }
}

OsmTags way_tags(const synth::WayLine& line) {
  const auto tags = [&](const char* key, const char* value) {
    return OsmTags{{key, value}, {"width", fmt::format("{:.1f}", line.width_m)}};
  };
  switch (line.kind) {
    case WayClass::kMotorway:
      return tags("highway", "motorway");
    case WayClass::kRoad:
      return tags("highway", "secondary");
    case WayClass::kStreet:
      return tags("highway", "residential");
    case WayClass::kTrack:
      return tags("highway", "track");
    case WayClass::kRailway:
      return tags("railway", "rail");
    case WayClass::kRunway:
      return tags("aeroway", "runway");
    default:
      return tags("aeroway", "taxiway");
  }
}

/// Collects objects, brought from the place's grid to WGS 84.
class Features {
 public:
  explicit Features(const std::string& wkt) {
    OGRSpatialReference zone, degrees;
    zone.importFromWkt(wkt.c_str());
    degrees.importFromEPSG(4326);
    zone.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    degrees.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    to_degrees_.reset(OGRCreateCoordinateTransformation(&zone, &degrees));
  }

  void add(std::unique_ptr<OGRGeometry> shape, OsmTags tags) {
    if (shape->transform(to_degrees_.get()) == OGRERR_NONE) objects_.push_back({std::move(tags), std::move(shape)});
  }
  std::vector<OsmObject> take() { return std::move(objects_); }

 private:
  std::unique_ptr<OGRCoordinateTransformation> to_degrees_;
  std::vector<OsmObject> objects_;
};

/// Corners of pixels cut: a mapper draws straight edges. The area itself where that would break it.
std::unique_ptr<OGRGeometry> straightened(std::unique_ptr<OGRPolygon> area, double tolerance_m) {
  std::unique_ptr<OGRGeometry> straight(area->SimplifyPreserveTopology(tolerance_m));
  const bool whole =
      straight != nullptr && wkbFlatten(straight->getGeometryType()) == wkbPolygon && !straight->IsEmpty();
  return whole ? std::move(straight) : std::move(area);
}

void add_covers(const synth::RenderedPlace& place, const Georeference& hr, int64_t hr_per_cell, Features& features) {
  std::vector<int32_t> covers;
  for (const uint8_t cover : place.cover) {
    const bool built = cover == static_cast<uint8_t>(LandCover::kBuilding);  // buildings have outlines of their own
    covers.push_back(built ? static_cast<int32_t>(LandCover::kPaved) : cover);
  }
  const int64_t cells = place.site.side_m / 10;
  for (LabelledArea& area :
       polygonize(covers, cells, cells, kBackground, hr.moved({0, 0}, static_cast<double>(hr_per_cell)))) {
    features.add(std::move(area.outline), cover_tags(static_cast<LandCover>(area.value), place.site.kind));
  }
}

void add_objects(const synth::RenderedPlace& place, const Georeference& hr, Features& features) {
  const synth::ObjectMap& map = place.object_map;
  const int64_t side = map.side - 2;  // without the border
  std::vector<ObjectClass> kinds;
  std::unordered_map<uint32_t, int32_t> numbers;
  std::vector<int32_t> values;
  for (int64_t row = 1; row <= side; ++row) {
    for (int64_t column = 1; column <= side; ++column) {
      const uint32_t id = map.id[static_cast<size_t>(row * map.side + column)];
      const auto [found, added] = numbers.try_emplace(id, kBackground);
      if (added && id != 0 && !object_tags(map.traits.at(id).kind).empty()) {
        found->second = static_cast<int32_t>(kinds.size());
        kinds.push_back(map.traits.at(id).kind);
      }
      values.push_back(found->second);
    }
  }
  const double gsd_m = hr.transform[1];
  for (LabelledArea& area : polygonize(values, side, side, kBackground, hr)) {
    features.add(straightened(std::move(area.outline), 0.8 * gsd_m),
                 object_tags(kinds[static_cast<size_t>(area.value)]));
  }
}

void add_ways(const synth::RenderedPlace& place, const Georeference& hr, Features& features) {
  const double gsd_m = hr.transform[1];
  for (const synth::WayLine& line : place.ways) {
    OGRLineString middle;
    for (const synth::PixelPoint& point : line.points) {
      const MapPoint at = hr.to_map({point.x, point.y});
      middle.addPoint(at.x, at.y);
    }
    std::unique_ptr<OGRGeometry> straight(middle.Simplify(0.4 * gsd_m));
    if (straight != nullptr && wkbFlatten(straight->getGeometryType()) == wkbLineString)
      features.add(std::move(straight), way_tags(line));
  }
}

}  // namespace

std::vector<OsmObject> map_features(const synth::RenderedPlace& place, const Georeference& hr, int64_t hr_per_cell) {
  Features features(hr.wkt);
  add_covers(place, hr, hr_per_cell, features);
  add_objects(place, hr, features);
  add_ways(place, hr, features);
  return features.take();
}

}  // namespace skysense::app
