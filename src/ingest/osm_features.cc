#include "ingest/osm_features.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "ingest/osm_coastline.h"
#include "ingest/osm_source.h"
#include "raster/gdal_call.h"

namespace skysense {
namespace {

MapBox box_of(const OGRGeometry& shape) {
  OGREnvelope envelope;
  shape.getEnvelope(&envelope);
  return {envelope.MinX, envelope.MinY, envelope.MaxX, envelope.MaxY};
}

bool finite(const MapBox& box) {
  return std::isfinite(box.min_x) && std::isfinite(box.min_y) && std::isfinite(box.max_x) && std::isfinite(box.max_y);
}

std::optional<OsmGeometry> kind_of(const OGRGeometry& shape) {
  switch (wkbFlatten(shape.getGeometryType())) {
    case wkbPolygon:
    case wkbMultiPolygon:
      return OsmGeometry::kArea;
    case wkbLineString:
    case wkbMultiLineString:
      return OsmGeometry::kLine;
    case wkbPoint:
    case wkbMultiPoint:
      return OsmGeometry::kPoint;
    default:
      return std::nullopt;
  }
}

/// The areas in a mended shape, which may also have fallen into lines and points.
std::unique_ptr<OGRGeometry> areas_of(std::unique_ptr<OGRGeometry> shape) {
  if (shape == nullptr || shape->IsEmpty()) return nullptr;
  if (kind_of(*shape) == OsmGeometry::kArea) return shape;
  if (wkbFlatten(shape->getGeometryType()) != wkbGeometryCollection) return nullptr;
  auto areas = std::make_unique<OGRMultiPolygon>();
  for (const OGRGeometry* part : *shape->toGeometryCollection()) {
    if (wkbFlatten(part->getGeometryType()) == wkbPolygon) areas->addGeometry(part);
    if (wkbFlatten(part->getGeometryType()) == wkbMultiPolygon) {
      for (const OGRPolygon* polygon : *part->toMultiPolygon()) areas->addGeometry(polygon);
    }
  }
  if (areas->IsEmpty()) return nullptr;
  return areas;
}

double area_deg(const OGRGeometry& shape) {
  if (wkbFlatten(shape.getGeometryType()) == wkbPolygon) return shape.toPolygon()->get_Area();
  return shape.toMultiPolygon()->get_Area();
}

bool is_coastline(const OsmTags& tags) {
  const auto tag = tags.find("natural");
  return tag != tags.end() && tag->second == "coastline";
}

}  // namespace

OsmFeatures::OsmFeatures(const std::vector<std::string>& paths, const OsmRules& rules,
                         const std::optional<MapBox>& area_deg)
    : rules_(rules), area_deg_(area_deg) {
  for (const std::string& path : paths) read(path);
}

void OsmFeatures::read(const std::string& path) {
  std::vector<OGRLineString> coast;
  MapBox coast_box{1e300, 1e300, -1e300, -1e300};
  const OsmSource source = read_osm_source(path, [&](OsmObject object) {
    if (is_coastline(object.tags) && wkbFlatten(object.shape->getGeometryType()) == wkbLineString) {
      const MapBox box = box_of(*object.shape);
      coast_box = {std::min(coast_box.min_x, box.min_x), std::min(coast_box.min_y, box.min_y),
                   std::max(coast_box.max_x, box.max_x), std::max(coast_box.max_y, box.max_y)};
      coast.push_back(*object.shape->toLineString());
    }
    add(*object.shape, object.tags);
  });
  counts_.objects += source.counts.objects;
  counts_.broken += source.counts.no_shape + source.counts.unreadable_tags;
  if (coast.empty()) return;
  GdalCall quiet(path);  // what GEOS says about a coastline that crosses itself
  Coastline made = sea_of_coastline(coast, source.bounds_deg.value_or(coast_box));
  counts_.coastline_ways += made.ways;
  counts_.coastline_open_ends += made.open_ends;
  const OsmTags tags = {{"natural", "coastline"}};
  const auto rule = rules_.match(tags, OsmGeometry::kArea);
  if (auto sea = areas_of(std::move(made.sea)); sea && rule) keep(std::move(sea), OsmGeometry::kArea, tags, *rule);
}

void OsmFeatures::add(OGRGeometry& shape, const OsmTags& tags) {
  const auto kind = kind_of(shape);
  if (!kind) {  // relations that mix kinds: the OSM driver gives their members by themselves
    ++counts_.unmatched;
    return;
  }
  // The only areas of this tag that are sea are those that we make; in a GeoPackage one may be an island.
  const bool island = *kind == OsmGeometry::kArea && is_coastline(tags);
  const auto rule = island ? std::nullopt : rules_.match(tags, *kind);
  if (!rule) {
    ++counts_.unmatched;
    return;
  }
  keep(std::unique_ptr<OGRGeometry>(shape.clone()), *kind, tags, *rule);
}

void OsmFeatures::keep(std::unique_ptr<OGRGeometry> shape, OsmGeometry kind, const OsmTags& tags, size_t rule) {
  if (const MapBox box = box_of(*shape); !finite(box)) {
    ++counts_.broken;
    return;
  } else if (area_deg_ && !box.meets(*area_deg_)) {
    ++counts_.elsewhere;
    return;
  }
  if (kind == OsmGeometry::kArea) {
    GdalCall quiet("area");  // GEOS says why it is not valid; the count says that
    if (!shape->IsValid()) {
      shape = areas_of(std::unique_ptr<OGRGeometry>(shape->MakeValid()));
      ++(shape == nullptr ? counts_.broken : counts_.repaired);
      if (shape == nullptr) return;
    }
  }
  OsmFeature feature;
  feature.box_deg = box_of(*shape);
  feature.rule = rule;
  if (kind == OsmGeometry::kArea) {
    const double latitude = (feature.box_deg.min_y + feature.box_deg.max_y) / 2;
    feature.size = area_deg(*shape) * std::cos(latitude * std::numbers::pi / 180);
  } else {
    feature.width_m = rules_.rules[rule].width_of(tags, kind);
  }
  feature.shape = std::move(shape);
  features_.push_back(std::move(feature));
}

}  // namespace skysense
