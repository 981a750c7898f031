#include "data/box_documents.h"

#include <fmt/format.h>

#include <array>
#include <cmath>
#include <cstdlib>
#include <sstream>

#include "core/error.h"
#include "core/xml.h"

namespace skysense {
namespace {

std::optional<double> number_in(const std::string& text) {
  char* end = nullptr;
  const double number = std::strtod(text.c_str(), &end);
  if (text.empty() || end != text.c_str() + text.size()) return std::nullopt;
  return number;
}

std::vector<std::string> words_of(const std::string& line) {
  std::istringstream stream(line);
  std::vector<std::string> words;
  for (std::string word; stream >> word;) words.push_back(word);
  return words;
}

std::string place_in(const std::string& origin, int64_t line) { return fmt::format("{}:{}", origin, line); }

[[noreturn]] void refuse(const std::string& origin, int64_t line, const std::string& what) {
  throw DataError(fmt::format("{}: {}", place_in(origin, line), what));
}

/// XML elements with the file that they come from.
class Reader {
 public:
  Reader(const std::string& text, const std::string& origin) : origin_(origin), root_(parse_xml(text, origin)) {
    if (root_.name != "annotation") refuse(origin, root_.line, fmt::format("<{}>, not <annotation>", root_.name));
  }

  const XmlElement& root() const { return root_; }
  std::string where(const XmlElement& element) const { return place_in(origin_, element.line); }
  const XmlElement& child(const XmlElement& element, std::string_view name) const {
    const XmlElement* found = element.child(name);
    if (found == nullptr) refuse(origin_, element.line, fmt::format("<{}> without <{}>", element.name, name));
    return *found;
  }
  double number(const XmlElement& element) const {
    const auto found = number_in(element.text);
    if (!found)
      refuse(origin_, element.line, fmt::format("<{}> is '{}', not a number", element.name, shortened(element.text)));
    return *found;
  }
  double number(const XmlElement& element, std::string_view name) const { return number(child(element, name)); }
  bool flag(const XmlElement& element, std::string_view name) const {
    const XmlElement* found = element.child(name);
    // Pens that leave the question open write an empty element or a word.
    return found != nullptr && number_in(found->text).value_or(0) != 0;
  }
  /// Of <size>; 0 where it is missing or no size.
  int64_t length(std::string_view name) const {
    const XmlElement* size = root_.child("size");
    const XmlElement* found = size == nullptr ? nullptr : size->child(name);
    const double value = found == nullptr ? 0 : number_in(found->text).value_or(0);
    return value > 0 && value < 1e9 ? static_cast<int64_t>(value) : 0;
  }
  static std::string shortened(const std::string& text) { return text.size() > 40 ? text.substr(0, 40) + "…" : text; }

 private:
  const std::string& origin_;
  const XmlElement root_;
};

std::vector<ImagePoint> turned_corners(const Reader& reader, const XmlElement& box) {
  std::vector<ImagePoint> corners;
  for (const char* corner : {"left_top", "right_top", "right_bottom", "left_bottom"})
    corners.push_back({reader.number(box, std::string("x_") + corner), reader.number(box, std::string("y_") + corner)});
  return corners;
}

ImagePoint point_in(const Reader& reader, const XmlElement& point, const std::string& origin) {
  const size_t comma = point.text.find(',');
  if (comma != std::string::npos) {
    const auto x = number_in(point.text.substr(0, comma)), y = number_in(point.text.substr(comma + 1));
    if (x && y) return {*x, *y};
  }
  refuse(origin, point.line, fmt::format("a point is 'x,y', not '{}'", reader.shortened(point.text)));
}

}  // namespace

ImageObjects parse_dota(const std::string& text, const std::string& origin) {
  ImageObjects image;
  std::istringstream lines(text);
  int64_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const std::vector<std::string> words = words_of(line);
    if (words.empty()) continue;
    const bool head = image.objects.empty() && words.front().find(':') != std::string::npos;
    if (head) continue;
    if (words.size() != 9 && words.size() != 10) {
      refuse(origin, number,
             fmt::format("{} words; expected x1 y1 x2 y2 x3 y3 x4 y4 category difficult", words.size()));
    }
    std::array<double, 8> coordinates{};
    for (size_t i = 0; i < 8; ++i) {
      const auto value = number_in(words[i]);
      if (!value) refuse(origin, number, fmt::format("'{}' is no coordinate", Reader::shortened(words[i])));
      coordinates[i] = *value;
    }
    NamedObject object{.name = words[8], .where = place_in(origin, number)};
    for (size_t i = 0; i < 8; i += 2) object.outline.push_back({coordinates[i], coordinates[i + 1]});
    if (words.size() == 10) {
      const auto difficult = number_in(words[9]);
      if (!difficult) refuse(origin, number, fmt::format("difficult is '{}', not 0 or 1", Reader::shortened(words[9])));
      object.difficult = *difficult != 0;
    }
    image.objects.push_back(std::move(object));
  }
  return image;
}

ImageObjects parse_voc(const std::string& text, const std::string& origin) {
  const Reader reader(text, origin);
  ImageObjects image{.width = reader.length("width"), .height = reader.length("height"), .objects = {}};
  for (const XmlElement& element : reader.root().children) {
    if (element.name != "object") continue;
    NamedObject object{.name = reader.child(element, "name").text,
                       .where = reader.where(element),
                       .truncated = reader.flag(element, "truncated"),
                       .difficult = reader.flag(element, "difficult")};
    if (const XmlElement* box = element.child("bndbox")) {
      object.upright = UprightBox{reader.number(*box, "xmin") - 1, reader.number(*box, "ymin") - 1,
                                  reader.number(*box, "xmax"), reader.number(*box, "ymax")};
    }
    if (const XmlElement* box = element.child("robndbox")) object.outline = turned_corners(reader, *box);
    if (!object.upright && object.outline.empty())
      throw DataError(object.where + ": <object> without <bndbox> or <robndbox>");
    image.objects.push_back(std::move(object));
  }
  return image;
}

ImageObjects parse_fair1m(const std::string& text, const std::string& origin) {
  const Reader reader(text, origin);
  ImageObjects image{.width = reader.length("width"), .height = reader.length("height"), .objects = {}};
  for (const XmlElement& element : reader.child(reader.root(), "objects").children) {
    if (element.name != "object") continue;
    NamedObject object{.name = reader.child(reader.child(element, "possibleresult"), "name").text,
                       .where = reader.where(element)};
    for (const XmlElement& point : reader.child(element, "points").children)
      object.outline.push_back(point_in(reader, point, origin));
    auto& outline = object.outline;
    const bool closed =
        outline.size() > 1 && outline.front().x == outline.back().x && outline.front().y == outline.back().y;
    if (closed) outline.pop_back();
    if (outline.size() < 3) throw DataError(fmt::format("{}: {} points are no box", object.where, outline.size()));
    image.objects.push_back(std::move(object));
  }
  return image;
}

}  // namespace skysense
