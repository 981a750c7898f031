#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <numbers>

#include "app/verbs.h"
#include "core/error.h"
#include "core/log.h"
#include "core/osm_rules.h"
#include "core/progress.h"
#include "infer/staged_outputs.h"
#include "ingest/osm_labels.h"
#include "ingest/osm_rasterize.h"
#include "raster/coordinate_transform.h"
#include "raster/raster_reader.h"
#include "raster/raster_writer.h"
#include "viz/png.h"

namespace skysense::app {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kPreviewSide = 2048;

struct RasterizeArguments {
  std::vector<std::string> files;
  std::string like;
  std::vector<double> box_deg;  // west, south, east, north
  double gsd_m = 0;
  std::string rules;
  bool dump_rules = false, overwrite = false;
  fs::path output, preview;
};

/// The grid of a bounding box: UTM, anchored to whole pixels of its zone, so that neighbouring boxes fit together.
TargetGrid grid_of_box(const std::vector<double>& box, double gsd_m) {
  const double west = box[0], south = box[1], east = box[2], north = box[3];
  if (!(west < east && south < north && west >= -180 && east <= 180 && south >= -80 && north <= 84))
    throw UsageError("--bbox: expected W S E N in degrees, west < east and south < north, within UTM's latitudes");
  const std::string wkt = utm_wkt({(west + east) / 2, (south + north) / 2});
  std::vector<double> x, y;
  constexpr int kSteps = 32;  // a side of a box of degrees is bent on the map
  for (int i = 0; i <= kSteps; ++i) {
    const double along_x = west + (east - west) * i / kSteps, along_y = south + (north - south) * i / kSteps;
    for (const double side : {south, north}) x.push_back(along_x), y.push_back(side);
    for (const double side : {west, east}) x.push_back(side), y.push_back(along_y);
  }
  const auto to_map = CoordinateTransform::between(wkt_from_text("EPSG:4326"), wkt);
  if (!to_map || !to_map->apply(static_cast<int64_t>(x.size()), x.data(), y.data()))
    throw UsageError("--bbox: too wide for one UTM zone; give --like");
  const auto down = [&](double value) { return std::floor(value / gsd_m); };
  const auto up = [&](double value) { return std::ceil(value / gsd_m); };
  const double left = down(*std::ranges::min_element(x)), right = up(*std::ranges::max_element(x));
  const double bottom = down(*std::ranges::min_element(y)), top = up(*std::ranges::max_element(y));
  if ((right - left) > 1e6 || (top - bottom) > 1e6) throw UsageError("--bbox and --gsd: over a million pixels a side");
  return {
      wkt, {left * gsd_m, gsd_m, 0, top * gsd_m, 0, -gsd_m}, std::llround(right - left), std::llround(top - bottom)};
}

TargetGrid grid_of(const RasterizeArguments& arguments) {
  if (arguments.like.empty() == arguments.box_deg.empty())
    throw UsageError("where to? Give either --like SCENE.tif or --bbox W S E N with --gsd M");
  if (arguments.like.empty()) {
    if (!(arguments.gsd_m > 0)) throw UsageError("--bbox wants --gsd, the side of a pixel in metres");
    return grid_of_box(arguments.box_deg, arguments.gsd_m);
  }
  if (arguments.gsd_m > 0) throw UsageError("--gsd goes with --bbox; --like has the scene's own pixels");
  const RasterReader scene(arguments.like);
  if (!scene.georeference().known())
    throw DataError(arguments.like + ": has no georeference, so its ground is unknown");
  return scene.grid();
}

/// A reduced picture of the labels, filled as the blocks come: every n-th pixel.
class Preview {
 public:
  Preview(const TargetGrid& grid, const OsmRules& rules)
      : step_((std::max(grid.width, grid.height) + kPreviewSide - 1) / kPreviewSide),
        picture_((grid.width + step_ - 1) / step_, (grid.height + step_ - 1) / step_),
        rules_(rules) {}

  void add(const PixelWindow& window, const uint8_t* classes) {
    const auto first = [&](int64_t from) { return (from + step_ - 1) / step_ * step_; };
    for (int64_t y = first(window.y); y < window.y + window.height; y += step_) {
      for (int64_t x = first(window.x); x < window.x + window.width; x += step_) {
        const uint8_t value = classes[(y - window.y) * window.width + x - window.x];
        if (value == OsmRules::kUnlabelled) continue;
        std::ranges::copy(rules_.classes[value].colour, picture_.at(x / step_, y / step_));
      }
    }
  }
  const Picture& picture() const { return picture_; }

 private:
  const int64_t step_;
  Picture picture_;
  const OsmRules& rules_;
};

nlohmann::json counts_json(const OsmFeatures& features, const OsmLabelCounts& labels) {
  nlohmann::json pixels = nlohmann::json::object(), rules = nlohmann::json::array();
  for (size_t i = 0; i < labels.pixels.size(); ++i) pixels[features.rules().classes[i].name] = labels.pixels[i];
  for (size_t i = 0; i < labels.rules.size(); ++i) {
    const OsmRuleCounts& count = labels.rules[i];
    if (count.drawn + count.outside + count.too_fine + count.broken == 0) continue;
    rules.push_back({{"rule", features.rules().rules[i].name},
                     {"drawn", count.drawn},
                     {"outside", count.outside},
                     {"too_fine", count.too_fine},
                     {"broken", count.broken}});
  }
  const OsmCounts& counts = features.counts();
  return {{"pixels", pixels},
          {"unlabelled", labels.unlabelled},
          {"rules", rules},
          {"objects", counts.objects},
          {"unmatched", counts.unmatched},
          {"elsewhere", counts.elsewhere},
          {"repaired", counts.repaired},
          {"broken", counts.broken},
          {"coastline", {{"ways", counts.coastline_ways}, {"open_ends", counts.coastline_open_ends}}}};
}

void rasterize(const RasterizeArguments& arguments) {
  if (arguments.files.empty()) throw UsageError("which files? Give .osm.pbf, .osm, GeoPackage, GeoJSON, …");
  if (arguments.output.empty()) throw UsageError("-o is missing: the label raster to write");
  const OsmRules rules = arguments.rules.empty() ? default_osm_rules() : read_osm_rules(arguments.rules);
  const TargetGrid grid = grid_of(arguments);
  StagedOutputs output({arguments.output}, arguments.overwrite);
  const fs::path& picture = arguments.preview;
  if (fs::exists(picture) && !arguments.overwrite)
    throw DataError(fmt::format("{}: exists already; give --overwrite to replace it", picture.string()));

  const OsmFeatures features(arguments.files, rules, osm_search_box(grid));
  if (const int64_t ends = features.counts().coastline_open_ends; ends > 0)
    spdlog::warn("{} ends of the coastline lie within the file's bounds: the sea's edge there is a guess", ends);
  OsmLabelCounts labels;
  Preview preview(grid, rules);
  output.produce([&] {
    RasterLayout layout = label_layout(rules, grid);
    layout.tags["SKYSENSE_RULES"] =
        arguments.rules.empty() ? "built in" : fs::path(arguments.rules).filename().string();
    RasterWriter writer(output.stage(0), layout);
    Progress progress("rasterize", grid.width * grid.height, "pixels");
    int64_t done = 0;
    labels = rasterize_osm(features, grid, [&](const PixelWindow& window, const uint8_t* classes) {
      writer.write(window, classes);
      preview.add(window, classes);
      progress.update(done += window.pixels());
    });
    progress.finish();
    writer.finish();
  });
  if (!picture.empty()) write_png(picture, preview.picture());
  if (labels.unlabelled == grid.width * grid.height)
    spdlog::warn("nothing was drawn: do the files lie where the grid does?");

  nlohmann::json result = counts_json(features, labels);
  result["output"] = arguments.output.string();
  result["width"] = grid.width;
  result["height"] = grid.height;
  if (!picture.empty()) result["preview"] = picture.string();
  print_result(result);
}

}  // namespace

void add_rasterize(CLI::App& program) {
  auto* verb = program.add_subcommand("rasterize", "Draw OpenStreetMap data as a label raster");
  const auto arguments = std::make_shared<RasterizeArguments>();
  verb->add_option("FILE", arguments->files,
                   ".osm.pbf, .osm, .osm.gz, or GeoPackage, GeoJSON, FlatGeobuf, Shapefile whose attributes are tags");
  verb->add_option("--like", arguments->like, "raster whose grid the labels get");
  verb->add_option("--bbox", arguments->box_deg, "W S E N in degrees; the grid is in the UTM zone of its middle")
      ->expected(4);
  verb->add_option("--gsd", arguments->gsd_m, "side of a pixel in metres, with --bbox")->check(CLI::PositiveNumber);
  verb->add_option("--rules", arguments->rules, "rules file (docs/formats.md; default: the program's own)");
  verb->add_flag("--dump-rules", arguments->dump_rules, "print the program's own rules file and do nothing else");
  verb->add_option("-o,--output", arguments->output, "label raster to write (COG); 255 is unlabelled");
  verb->add_option("--preview", arguments->preview, "picture (PNG) of the labels to write, at most 2048 pixels a side");
  verb->add_flag("--overwrite", arguments->overwrite, "replace earlier files of these names");
  verb->footer(
      "Example: skysense rasterize helsinki.osm.pbf --bbox 24.93 60.16 24.96 60.18 --gsd 1 -o labels.tif\n"
      "Map data from OpenStreetMap is (c) OpenStreetMap contributors, ODbL 1.0.");
  verb->callback([arguments] {
    if (arguments->dump_rules) {
      const std::string_view text = default_osm_rules_text();
      std::fwrite(text.data(), 1, text.size(), stdout);
      return;
    }
    rasterize(*arguments);
  });
}

}  // namespace skysense::app
