#include "ingest/osm_source.h"

#include <cpl_vsi.h>
#include <fmt/format.h>
#include <gdal_priv.h>
#include <ogrsf_frmts.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <set>

#include "core/error.h"
#include "raster/gdal_call.h"

namespace skysense {
namespace {

constexpr const char* kConfiguration = "/vsimem/skysense/osmconf.ini";

/// The OSM driver's own configuration loses the tags that it lists under `ignore`; with this one every tag comes back
/// in `all_tags`. The list of closed ways that are areas is the driver's own (GDAL 3.6 overlooks keys of some other
/// lists) but for `natural`: a coastline round an island that is also a member of a relation would not come at all.
/// `closed_way_is_area` has the last word.
constexpr const char* kOsmConfiguration = R"ini(
closed_ways_are_polygons=aeroway,amenity,boundary,building,craft,geological,historic,landuse,leisure,military,office,place,shop,sport,tourism,highway=platform,public_transport=platform

[points]
osm_id=yes
all_tags=yes
unsignificant=created_by

[lines]
osm_id=yes
all_tags=yes

[multipolygons]
osm_id=yes
all_tags=yes

[multilinestrings]
osm_id=yes
all_tags=yes

[other_relations]
osm_id=yes
all_tags=yes
)ini";

using TagValues = std::map<std::string, std::set<std::string>, std::less<>>;

bool any_of(const TagValues& values, const OsmTags& tags) {
  return std::any_of(tags.begin(), tags.end(), [&](const auto& tag) {
    const auto found = values.find(tag.first);
    return found != values.end() && found->second.contains(tag.second);
  });
}

/// Whether a closed way with these tags bounds an area. The driver heeds `area=yes` and drops it: its yes counts where
/// the tags do not say.
bool closed_way_is_area(const OsmTags& tags, bool driver_says_so) {
  static const std::set<std::string, std::less<>> area_keys = {
      "aeroway",    "amenity", "area:highway",     "attraction", "boundary",   "building", "building:part",
      "club",       "craft",   "geological",       "golf",       "healthcare", "historic", "landcover",
      "landuse",    "leisure", "man_made",         "military",   "natural",    "office",   "place",
      "playground", "power",   "public_transport", "shop",       "sport",      "tourism",  "water"};
  static const TagValues lines = {
      {"natural", {"coastline", "cliff", "ridge", "arete", "valley", "tree_row", "earth_bank", "gully"}},
      {"man_made", {"cutline", "dyke", "embankment", "pipeline"}},
      {"aeroway", {"taxiway", "taxilane"}},
      {"power", {"line", "minor_line", "cable"}}};
  static const TagValues areas = {{"waterway", {"riverbank", "dock", "boatyard", "dam"}},
                                  {"railway", {"platform", "station", "turntable", "roundhouse"}},
                                  {"highway", {"platform", "rest_area", "services"}}};
  if (tags.contains("building") || tags.contains("landuse")) return true;
  if (any_of(lines, tags)) return false;
  const bool way_of_traffic = tags.contains("highway") || tags.contains("railway") || tags.contains("barrier");
  const bool has_area_key =
      std::any_of(tags.begin(), tags.end(), [&](const auto& tag) { return area_keys.contains(tag.first); });
  return driver_says_so || any_of(areas, tags) || (has_area_key && !way_of_traffic);
}

/// A closed way in the form that its tags ask for.
std::unique_ptr<OGRGeometry> closed_way(std::unique_ptr<OGRGeometry> shape, const OsmTags& tags) {
  const bool is_line = wkbFlatten(shape->getGeometryType()) == wkbLineString;
  if (is_line && (!shape->toLineString()->get_IsClosed() || shape->toLineString()->getNumPoints() < 4)) return shape;
  if (closed_way_is_area(tags, !is_line) == !is_line) return shape;
  if (!is_line) return std::make_unique<OGRLineString>(*(*shape->toMultiPolygon()->begin())->getExteriorRing());
  OGRLinearRing ring;
  ring.addSubLineString(shape->toLineString());
  auto area = std::make_unique<OGRPolygon>();
  area->addRing(&ring);
  return area;
}

/// Whether a feature of the OSM driver is a way and no relation.
bool is_way(const OGRFeature& feature) {
  const int way = feature.GetFieldIndex("osm_way_id");
  if (way >= 0) return feature.IsFieldSetAndNotNull(way);
  return feature.GetGeometryRef() != nullptr &&
         wkbFlatten(feature.GetGeometryRef()->getGeometryType()) == wkbLineString;
}

void provide_configuration() {
  static std::once_flag once;
  std::call_once(once, [] {
    static std::string text = kOsmConfiguration;
    VSIFCloseL(VSIFileFromMemBuffer(kConfiguration, reinterpret_cast<GByte*>(text.data()), text.size(), FALSE));
  });
}

bool is_osm(const std::string& path) {
  return path.ends_with(".pbf") || path.ends_with(".osm") || path.ends_with(".osm.gz") || path.ends_with(".osh.pbf");
}

DatasetPointer open_source(const std::string& path, GdalCall& call) {
  DatasetPointer dataset;
  if (is_osm(path)) {
    provide_configuration();
    const std::string configuration = fmt::format("CONFIG_FILE={}", kConfiguration);
    const char* const drivers[] = {"OSM", nullptr};
    const char* const options[] = {configuration.c_str(), nullptr};
    const std::string name = path.ends_with(".gz") ? "/vsigzip/" + path : path;
    dataset.reset(GDALDataset::Open(name.c_str(), GDAL_OF_VECTOR, drivers, options));
    call.check(dataset != nullptr, "cannot be read as OpenStreetMap data", "it is missing, damaged or of another kind");
  } else {
    dataset.reset(GDALDataset::Open(path.c_str(), GDAL_OF_VECTOR));
    call.check(dataset != nullptr, "cannot be read as vector data",
               "give .osm.pbf, .osm, .osm.gz, GeoPackage, GeoJSON, FlatGeobuf or Shapefile");
  }
  return dataset;
}

/// The tags of a feature; nothing where a column of tags is not written as OGR writes it.
std::optional<OsmTags> tags_of(const OGRFeature& feature) {
  OsmTags tags;
  const OGRFeatureDefn& definition = *feature.GetDefnRef();
  for (int i = 0; i < definition.GetFieldCount(); ++i) {
    if (!feature.IsFieldSetAndNotNull(i)) continue;
    const std::string name = definition.GetFieldDefn(i)->GetNameRef();
    const std::string value = const_cast<OGRFeature&>(feature).GetFieldAsString(i);
    if (name == "all_tags" || name == "other_tags") {
      auto packed = parse_hstore(value);
      if (!packed) return std::nullopt;
      tags.merge(*packed);
    } else if (!value.empty()) {
      tags.emplace(name, value);
    }
  }
  return tags;
}

/// The layers' coordinate systems turned into WGS 84.
class ToDegrees {
 public:
  explicit ToDegrees(const std::string& path) : path_(path) {
    degrees_.importFromEPSG(4326);
    degrees_.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
  }

  bool apply(OGRLayer& layer, OGRGeometry& shape) {
    if (&layer != layer_) prepare(layer);
    GdalCall quiet(path_);  // a shape without a place in WGS 84 is counted, not fatal
    return !transformation_ || shape.transform(transformation_.get()) == OGRERR_NONE;
  }

 private:
  void prepare(OGRLayer& layer) {
    const OGRSpatialReference* stated = layer.GetSpatialRef();
    if (stated == nullptr) {
      throw DataError(fmt::format("{}: layer {} has no coordinate reference system; set it with ogr2ogr -a_srs", path_,
                                  layer.GetName()));
    }
    OGRSpatialReference own = *stated;
    own.SetAxisMappingStrategy(OAMS_TRADITIONAL_GIS_ORDER);
    transformation_.reset();
    if (!own.IsSame(&degrees_)) {
      transformation_.reset(OGRCreateCoordinateTransformation(&own, &degrees_));
      if (transformation_ == nullptr)
        throw DataError(fmt::format("{}: layer {} cannot be brought to WGS 84", path_, layer.GetName()));
    }
    layer_ = &layer;
  }

  const std::string path_;
  OGRSpatialReference degrees_;
  OGRLayer* layer_ = nullptr;
  std::unique_ptr<OGRCoordinateTransformation> transformation_;
};

std::optional<MapBox> stated_bounds(GDALDataset& dataset) {
  OGREnvelope box;
  OGRLayer* const first = dataset.GetLayer(0);
  if (first == nullptr || first->GetExtent(&box, FALSE) != OGRERR_NONE) return std::nullopt;
  if (!(box.MinX < box.MaxX) || !(box.MinY < box.MaxY)) return std::nullopt;
  return MapBox{box.MinX, box.MinY, box.MaxX, box.MaxY};
}

}  // namespace

OsmSource read_osm_source(const std::string& path, const std::function<void(OsmObject)>& take) {
  GdalCall call(path);
  const DatasetPointer dataset = open_source(path, call);
  OsmSource source;
  if (is_osm(path)) source.bounds_deg = stated_bounds(*dataset);
  ToDegrees to_degrees(path);
  // One pass over all layers: the driver meets each layer's features as the file's sections come.
  dataset->ResetReading();
  OGRLayer* layer = nullptr;
  while (OGRFeature* const next = dataset->GetNextFeature(&layer, nullptr, nullptr, nullptr)) {
    const OGRFeatureUniquePtr feature(next);
    const bool way = is_osm(path) && is_way(*feature);
    std::unique_ptr<OGRGeometry> shape(feature->StealGeometry());
    if (shape == nullptr || shape->IsEmpty()) {
      ++source.counts.no_shape;
      continue;
    }
    auto tags = tags_of(*feature);
    if (!tags) {
      ++source.counts.unreadable_tags;
      continue;
    }
    if (way) shape = closed_way(std::move(shape), *tags);
    shape->flattenTo2D();
    if (shape->hasCurveGeometry()) shape.reset(shape->getLinearGeometry());
    if (shape == nullptr || !to_degrees.apply(*layer, *shape)) {
      ++source.counts.no_shape;
      continue;
    }
    ++source.counts.objects;
    take({std::move(*tags), std::move(shape)});
  }
  call.check(true, "cannot be read to its end", "it is cut short or damaged");
  return source;
}

}  // namespace skysense
