#include "ingest/osm_labels.h"

#include <fmt/format.h>

#include <optional>
#include <set>

#include "core/error.h"
#include "core/progress.h"
#include "ingest/place_ground.h"
#include "raster/raster_reader.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

/// The grid of a place's own ground; or the finest grid among a place's images of HR, or else of the other modalities;
/// nothing where none has a place.
std::optional<TargetGrid> label_grid(const PlaceRecord& place, const SensorContracts& contracts,
                                     const fs::path& dataset) {
  if (place.ground) {
    const auto grids = grids_of_ground(*place.ground, contracts, "ground");
    for (const Modality modality : kModalities) {
      if (!place.images[modality].empty() && grids[modality]) return grids[modality];
    }
  }
  std::optional<TargetGrid> finest;
  double finest_m = 0;
  for (const Modality modality : kModalities) {
    if (finest && modality != Modality::kHr && !place.images[Modality::kHr].empty()) break;
    for (const PlaceImage& image : place.images[modality]) {
      for (const std::string& path : image.paths) {
        const RasterReader reader(resolve_place_path(dataset.string(), path));
        const auto side_m = ground_sample_distance_m(reader.georeference(), reader.width(), reader.height());
        if (!side_m || (finest && *side_m > 0.99 * finest_m)) continue;
        finest = reader.grid();
        finest_m = *side_m;
      }
    }
  }
  return finest;
}

/// A file's name for a place: identifiers may hold slashes.
std::string file_name(const std::string& id, std::set<std::string>& taken) {
  std::string name;
  for (const char c : id) name += std::isalnum(static_cast<unsigned char>(c)) || c == '-' || c == '_' ? c : '_';
  std::string unique = name;
  for (int number = 2; !taken.insert(unique).second; ++number) unique = fmt::format("{}_{}", name, number);
  return "labels/" + unique + ".tif";
}

}  // namespace

RasterLayout label_layout(const OsmRules& rules, const TargetGrid& grid) {
  RasterLayout layout;
  layout.width = grid.width;
  layout.height = grid.height;
  layout.type = PixelType::kUInt8;
  layout.georeference = {grid.wkt, grid.transform};
  layout.nodata = OsmRules::kUnlabelled;
  layout.average_overviews = false;
  layout.band_names = {"class"};
  for (const OsmClass& one : rules.classes) {
    layout.class_names.push_back(one.name);
    layout.colours.push_back(one.colour);
  }
  return layout;
}

void label_places(const OsmFeatures& features, const SensorContracts& contracts, const fs::path& dataset,
                  std::vector<PlaceRecord>& places, IndexReport& report) {
  fs::create_directories(dataset / "labels");
  std::set<std::string> taken;
  int64_t labelled = 0, replaced = 0, done = 0;
  Progress progress("osm labels", static_cast<int64_t>(places.size()), "places");
  for (PlaceRecord& place : places) {
    progress.update(++done);
    try {
      const auto grid = label_grid(place, contracts, dataset);
      if (!grid) throw DataError("no OSM label: the place has no georeference");
      std::vector<float> classes(static_cast<size_t>(grid->width * grid->height));
      const OsmLabelCounts counts =
          rasterize_osm(features, *grid, [&](const PixelWindow& window, const uint8_t* block) {
            for (int64_t y = 0; y < window.height; ++y)
              std::copy_n(block + y * window.width, window.width,
                          classes.begin() + (window.y + y) * grid->width + window.x);
          });
      if (counts.unlabelled == grid->width * grid->height)
        throw DataError("no OSM label: the OpenStreetMap files draw nothing there");
      const std::string label = file_name(place.id, taken);
      RasterLayout layout = label_layout(features.rules(), *grid);
      layout.format = "GTiff";
      write_raster(dataset / label, layout, classes.data());
      replaced += place.label.empty() ? 0 : 1;
      place.label = label;
      ++labelled;
    } catch (const DataError& error) {
      report.skipped.push_back({"place " + place.id, error.what()});
    }
  }
  report.notes.push_back(fmt::format("OSM labels for {} of {} places", labelled, places.size()));
  if (replaced > 0) report.notes.push_back(fmt::format("{} labels of the input gave way to OSM labels", replaced));
}

}  // namespace skysense
