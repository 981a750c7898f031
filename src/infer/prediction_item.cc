#include "infer/prediction_item.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "infer/product_item.h"

namespace skysense {
namespace {

using Json = nlohmann::json;

Json classes_of(const RasterLayout& layout) {
  Json classes = Json::array();
  for (size_t i = 0; i < layout.class_names.size(); ++i) {
    const auto& c = layout.colours.at(i);
    // Names of that extension are machine-readable; the description keeps the class's own.
    std::string name = layout.class_names[i];
    std::replace_if(
        name.begin(), name.end(), [](unsigned char letter) { return !std::isalnum(letter) && letter != '-'; }, '_');
    classes.push_back({{"value", i},
                       {"name", name},
                       {"title", layout.class_names[i]},
                       {"description", layout.class_names[i]},
                       {"color_hint", fmt::format("{:02X}{:02X}{:02X}", c[0], c[1], c[2])}});
  }
  classes.push_back({{"value", kNoClass}, {"name", "nodata"}, {"description", "no data"}, {"nodata", true}});
  return classes;
}

Json asset_of(const PredictionLayer& layer, const std::string& href) {
  Json asset = {{"href", href},
                {"title", layer.title},
                {"type", layer.layout.format == "COG" ? "image/tiff; application=geotiff; profile=cloud-optimized"
                                                      : "image/tiff; application=geotiff"},
                {"roles", {"data"}}};
  if (layer.classes) asset["classification:classes"] = classes_of(layer.layout);
  return asset;
}

}  // namespace

std::string prediction_item(const PredictJob& job, const PredictionLayers& layers,
                            const std::vector<std::filesystem::path>& files) {
  Json item = product_item(files.front().stem().string(), job.scenes(), job.provenance());
  for (size_t i = 0; i < files.size(); ++i) {
    const std::string href = "./" + files[i].filename().string();
    if (i >= layers.layers().size()) {
      item["assets"]["polygons"] = {{"href", href},
                                    {"title", "patches of one class"},
                                    {"type", "application/geopackage+sqlite3"},
                                    {"roles", {"data"}}};
      continue;
    }
    const PredictionLayer& layer = layers.layers()[i];
    item["assets"][layer.suffix.empty() ? "map" : layer.suffix.substr(1)] = asset_of(layer, href);
  }
  return item.dump(2) + "\n";
}

}  // namespace skysense
