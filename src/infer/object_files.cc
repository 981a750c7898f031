#include "infer/object_files.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/output_file.h"

namespace skysense {
namespace {

using Json = nlohmann::json;

struct Known {
  ObjectFormat format;
  std::string_view name, extension, media_type;
};

constexpr std::array<Known, 5> kFormats = {{
    {ObjectFormat::kGeoPackage, "GPKG", ".gpkg", "application/geopackage+sqlite3"},
    {ObjectFormat::kGeoJson, "GeoJSON", ".geojson", "application/geo+json"},
    {ObjectFormat::kFlatGeobuf, "FlatGeobuf", ".fgb", "application/vnd.flatgeobuf"},
    {ObjectFormat::kDota, "DOTA", ".txt", "text/plain"},
    {ObjectFormat::kCoco, "COCO", ".json", "application/json"},
}};

const Known& known(ObjectFormat format) {
  return *std::ranges::find_if(kFormats, [&](const Known& one) { return one.format == format; });
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

class LayerFile : public ObjectFile {
 public:
  LayerFile(const std::filesystem::path& path, ObjectFormat format, const ObjectFileOptions& options)
      : layer_(path, {.driver = std::string(object_format_name(format)),
                      .wkt = options.georeference.wkt,
                      .classes = options.classes,
                      .headings = options.headings,
                      .pixel_corners = options.pixel_corners}) {}
  void write(const SceneObject& object) override { layer_.write(object); }
  void finish() override { layer_.finish(); }

 private:
  ObjectLayer layer_;
};

class DotaFile : public ObjectFile {
 public:
  DotaFile(const std::filesystem::path& path, const ObjectFileOptions& options) : file_(path) {
    for (std::string name : options.classes) {
      // Words end at blanks in this format.
      std::ranges::replace_if(
          name, [](unsigned char c) { return std::isspace(c) != 0; }, '-');
      names_.push_back(std::move(name));
    }
    const auto gsd = ground_sample_distance_m(options.georeference, options.width, options.height);
    file_.write(fmt::format("imagesource:{}\ngsd:{}\n", options.image, gsd ? fmt::format("{:.6g}", *gsd) : "null"));
  }
  void write(const SceneObject& object) override {
    std::string line;
    for (const ImagePoint corner : object.box.corners()) line += fmt::format("{:.2f} {:.2f} ", corner.x, corner.y);
    file_.write(line + names_.at(static_cast<size_t>(object.object_class)) + " 0\n");
  }
  void finish() override { file_.finish(); }

 private:
  OutputFile file_;
  std::vector<std::string> names_;
};

double rounded(double value) { return std::round(value * 100) / 100; }

class CocoFile : public ObjectFile {
 public:
  CocoFile(const std::filesystem::path& path, const ObjectFileOptions& options) : file_(path) {
    Json categories = Json::array();
    for (size_t i = 0; i < options.classes.size(); ++i)
      categories.push_back({{"id", i + 1}, {"name", options.classes[i]}, {"supercategory", ""}});
    const Json image = {{"id", 1}, {"file_name", options.image}, {"width", options.width}, {"height", options.height}};
    file_.write(
        fmt::format("{{\"info\":{{\"description\":\"objects found by skysense\"}},\"licenses\":[],\n"
                    "\"images\":[{}],\n\"categories\":{},\n\"annotations\":[",
                    image.dump(), categories.dump()));
  }
  void write(const SceneObject& object) override {
    const UprightBox rim = object.box.bounds();
    Json polygon = Json::array();
    for (const ImagePoint corner : object.box.corners()) {
      polygon.push_back(rounded(corner.x));
      polygon.push_back(rounded(corner.y));
    }
    const Json annotation = {
        {"id", ++count_},
        {"image_id", 1},
        {"category_id", object.object_class + 1},
        {"bbox", {rounded(rim.left), rounded(rim.top), rounded(rim.width()), rounded(rim.height())}},
        {"area", rounded(object.box.area())},
        {"segmentation", {polygon}},
        {"iscrowd", 0},
        {"score", object.score}};
    file_.write((count_ > 1 ? ",\n" : "\n") + annotation.dump());
  }
  void finish() override {
    file_.write("]}\n");
    file_.finish();
  }

 private:
  OutputFile file_;
  int64_t count_ = 0;
};

}  // namespace

ObjectFormat object_format(const std::filesystem::path& path, const std::string& name) {
  const std::string wanted = lower(name), extension = lower(path.extension().string());
  for (const Known& one : kFormats) {
    if (name.empty() ? extension == one.extension : wanted == lower(std::string(one.name))) return one.format;
  }
  std::string all;
  for (const Known& one : kFormats) all += fmt::format("{}{} ({})", all.empty() ? "" : ", ", one.name, one.extension);
  throw UsageError(
      name.empty()
          ? fmt::format("{}: its extension names no format of objects; known are {}; or give --of", path.string(), all)
          : fmt::format("--of {}: known are {}", name, all));
}

std::string_view object_format_name(ObjectFormat format) { return known(format).name; }
std::string_view media_type(ObjectFormat format) { return known(format).media_type; }
bool has_style(ObjectFormat format) { return format != ObjectFormat::kDota && format != ObjectFormat::kCoco; }

std::unique_ptr<ObjectFile> create_object_file(const std::filesystem::path& path, ObjectFormat format,
                                               const ObjectFileOptions& options) {
  if (format == ObjectFormat::kDota) return std::make_unique<DotaFile>(path, options);
  if (format == ObjectFormat::kCoco) return std::make_unique<CocoFile>(path, options);
  return std::make_unique<LayerFile>(path, format, options);
}

}  // namespace skysense
