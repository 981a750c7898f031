#include "data/coco_document.h"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "core/whole_number.h"

namespace skysense {
namespace {

using Json = nlohmann::json;

/// Python writes NaN, Infinity and -Infinity, which JSON has not: they become null.
std::string without_python_numbers(const std::string& text) {
  std::string clean = text;
  bool quoted = false;
  for (size_t i = 0; i < clean.size(); ++i) {
    if (quoted) {
      if (clean[i] == '\\')
        ++i;
      else if (clean[i] == '"')
        quoted = false;
      continue;
    }
    if (clean[i] == '"') quoted = true;
    for (const std::string_view word : {"NaN", "-Infinity", "Infinity"}) {
      if (clean.compare(i, word.size(), word) != 0) continue;
      clean.replace(i, word.size(), std::string("null").append(word.size() > 4 ? word.size() - 4 : 0, ' '));
      break;
    }
  }
  return clean;
}

/// The line at which each element of the top-level list `annotations` begins.
class AnnotationLines {
 public:
  explicit AnnotationLines(const std::string& text) {
    // One pass that knows of quotes and depth alone: the text is JSON by now.
    int64_t line = 1, depth = 0;
    std::string last_key, word;
    bool quoted = false, within = false;
    for (size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if (c == '\n') ++line;
      if (quoted) {
        if (c == '\\')
          word += text[i++];
        else if (c == '"')
          quoted = false;
        if (quoted) word += text[i];
        continue;
      }
      if (c == '"') {
        quoted = true;
        word.clear();
      } else if (c == ':' && depth == 1) {
        last_key = word;
      } else if (c == '{' || c == '[') {
        if (c == '[' && depth == 1) within = last_key == "annotations";
        if (c == '{' && depth == 2 && within) lines_.push_back(line);
        ++depth;
      } else if (c == '}' || c == ']') {
        --depth;
        if (depth == 1) within = false;
      }
    }
  }
  int64_t of(size_t annotation) const { return annotation < lines_.size() ? lines_[annotation] : 0; }

 private:
  std::vector<int64_t> lines_;
};

const Json& list(const Json& json, const char* key, const std::string& origin) {
  if (!json.contains(key) || !json.at(key).is_array())
    throw DataError(
        fmt::format("{}: no list '{}'; a COCO document has images, annotations and categories", origin, key));
  return json.at(key);
}

double number_or_none(const Json& value, const std::string& where) {
  if (value.is_null()) return std::numeric_limits<double>::quiet_NaN();
  if (!value.is_number()) throw DataError(fmt::format("{}: {} is no number", where, value.dump().substr(0, 40)));
  return value.get<double>();
}

bool flag(const Json& json, const char* key) {
  if (!json.contains(key)) return false;
  const Json& value = json.at(key);
  return value.is_boolean() ? value.get<bool>() : value.is_number() && value.get<double>() != 0;
}

std::string text_of(const Json& json, const char* key, const std::string& where) {
  if (!json.is_object() || !json.contains(key) || !json.at(key).is_string())
    throw DataError(fmt::format("{}: no text '{}'", where, key));
  return json.at(key).get<std::string>();
}

UprightBox box_of(const Json& annotation, const std::string& where) {
  if (!annotation.contains("bbox") || !annotation.at("bbox").is_array() || annotation.at("bbox").size() != 4)
    throw DataError(where + ": no 'bbox' of 4 numbers");
  const Json& box = annotation.at("bbox");
  const double x = number_or_none(box[0], where), y = number_or_none(box[1], where),
               width = number_or_none(box[2], where), height = number_or_none(box[3], where);
  return {x, y, x + width, y + height};
}

/// Nothing where the document does not tell, or no area.
std::optional<double> area_of(const Json& annotation) {
  if (!annotation.contains("area") || !annotation.at("area").is_number()) return std::nullopt;
  const double area = annotation.at("area").get<double>();
  return std::isfinite(area) && area >= 0 ? std::optional(area) : std::nullopt;
}

/// The points of all polygons; none of a run-length code.
std::vector<ImagePoint> outline_of(const Json& annotation, const std::string& where) {
  std::vector<ImagePoint> points;
  if (!annotation.contains("segmentation") || !annotation.at("segmentation").is_array()) return points;
  for (const Json& polygon : annotation.at("segmentation")) {
    if (!polygon.is_array() || polygon.size() % 2 != 0)
      throw DataError(where + ": a polygon of 'segmentation' is a list x, y, x, y, …");
    for (size_t i = 0; i < polygon.size(); i += 2)
      points.push_back({number_or_none(polygon[i], where), number_or_none(polygon[i + 1], where)});
  }
  if (points.size() < 3) points.clear();
  return points;
}

/// Names by identifier.
std::map<int64_t, std::string> categories_of(const Json& json, const std::string& origin) {
  std::map<int64_t, std::string> categories;
  std::set<std::string> names;
  for (const Json& category : list(json, "categories", origin)) {
    const std::string where = origin + ": categories";
    const std::string name = text_of(category, "name", where);
    if (!categories.emplace(whole_number(category, "id"), name).second || !names.insert(name).second)
      throw DataError(fmt::format("{}: '{}' stands twice", where, name));
  }
  return categories;
}

int64_t length_of(const Json& image, const char* key) {
  if (!image.contains(key) || !image.at(key).is_number()) return 0;
  const double value = image.at(key).get<double>();
  return value > 0 && value < 1e9 ? static_cast<int64_t>(value) : 0;
}

CocoObjects read(const Json& json, const AnnotationLines& lines, const std::string& origin) {
  CocoObjects document;
  const std::map<int64_t, std::string> categories = categories_of(json, origin);
  for (const auto& [id, name] : categories) document.classes.push_back(name);

  std::map<int64_t, size_t> numbers;
  for (const Json& image : list(json, "images", origin)) {
    CocoImage own{.id = 0, .file = text_of(image, "file_name", origin + ": images"), .objects = {}};
    own.id = whole_number(image, "id");
    own.objects.width = length_of(image, "width");
    own.objects.height = length_of(image, "height");
    if (!numbers.emplace(own.id, document.images.size()).second)
      throw DataError(fmt::format("{}: image {} stands twice", origin, own.id));
    document.images.push_back(std::move(own));
  }

  size_t number = 0;
  for (const Json& annotation : list(json, "annotations", origin)) {
    std::string where = fmt::format("{}:{}: annotation {}", origin, lines.of(number), number);
    ++number;
    if (!annotation.is_object()) throw DataError(where + ": not an object");
    if (annotation.contains("id")) where += fmt::format(" (id {})", annotation.at("id").dump().substr(0, 40));
    NamedObject object{.name = {}, .where = where};
    object.crowd = flag(annotation, "iscrowd");
    object.difficult = flag(annotation, "ignore");
    object.area = area_of(annotation);
    object.upright = box_of(annotation, where);
    object.outline = outline_of(annotation, where);
    const int64_t image = whole_number(annotation, "image_id"), category = whole_number(annotation, "category_id");
    const auto known = categories.find(category);
    object.name = known == categories.end() ? fmt::format("category {}", category) : known->second;
    const auto found = numbers.find(image);
    if (found == numbers.end()) {
      document.problems.push_back(fmt::format("{}: of image {}, which the document does not have", where, image));
      continue;
    }
    document.images[found->second].objects.objects.push_back(std::move(object));
  }
  return document;
}

}  // namespace

CocoObjects parse_coco(const std::string& text, const std::string& origin) {
  const std::string clean = without_python_numbers(text);
  try {
    const Json json = Json::parse(clean);
    if (!json.is_object()) throw DataError(origin + ": not a JSON object");
    return read(json, AnnotationLines(clean), origin);
  } catch (const Json::exception& error) {
    throw DataError(fmt::format("{}: {}", origin, error.what()));
  }
}

}  // namespace skysense
