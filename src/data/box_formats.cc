#include "data/box_formats.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/markup.h"

namespace skysense {
namespace {

const std::string& name_of(const LabelledBox& box, const std::vector<std::string>& categories) {
  return categories.at(static_cast<size_t>(box.category));
}

/// Hundredths of a pixel are more than any label is worth.
double rounded(double value) { return std::round(value * 100) / 100; }

/// The upright box around corners, cut to the image.
UprightBox upright(const BoxCorners& corners, int64_t width, int64_t height) {
  return intersection(bounds_of(corners), {0, 0, static_cast<double>(width), static_cast<double>(height)});
}

}  // namespace

double LabelledBox::area() const {
  double twice = 0;
  for (size_t i = 0; i < 4; ++i) {
    const ImagePoint a = corners[i], b = corners[(i + 1) % 4];
    twice += a.x * b.y - b.x * a.y;
  }
  return std::abs(twice) / 2;
}

std::string dota_text(const LabelledImage& image, const std::vector<std::string>& categories) {
  std::string text = fmt::format("imagesource:{}\ngsd:{}\n", image.file, image.gsd_m);
  for (const LabelledBox& box : image.boxes) {
    for (const ImagePoint corner : box.corners) text += fmt::format("{:.2f} {:.2f} ", corner.x, corner.y);
    text += fmt::format("{} {}\n", name_of(box, categories), box.difficult ? 1 : 0);
  }
  return text;
}

std::string voc_xml(const LabelledImage& image, const std::vector<std::string>& categories) {
  std::string text = fmt::format(
      "<annotation>\n  <filename>{}</filename>\n  <size><width>{}</width><height>{}</height><depth>{}</depth></size>\n"
      "  <segmented>0</segmented>\n",
      escape_markup(image.file), image.width, image.height, image.bands);
  for (const LabelledBox& box : image.boxes) {
    const UprightBox rim = upright(box.corners, image.width, image.height);
    const auto first = [](double edge) { return static_cast<int64_t>(std::floor(edge)) + 1; };
    const auto last = [](double edge, double least) {
      return std::max(static_cast<int64_t>(std::ceil(edge)), static_cast<int64_t>(least));
    };
    const int64_t left = std::min(first(rim.left), image.width), top = std::min(first(rim.top), image.height);
    const auto& c = box.corners;
    text += fmt::format(
        "  <object>\n    <name>{}</name>\n    <pose>Unspecified</pose>\n    <truncated>{}</truncated>\n"
        "    <difficult>{}</difficult>\n"
        "    <bndbox><xmin>{}</xmin><ymin>{}</ymin><xmax>{}</xmax><ymax>{}</ymax></bndbox>\n"
        "    <robndbox><x_left_top>{:.2f}</x_left_top><y_left_top>{:.2f}</y_left_top>"
        "<x_right_top>{:.2f}</x_right_top><y_right_top>{:.2f}</y_right_top>"
        "<x_right_bottom>{:.2f}</x_right_bottom><y_right_bottom>{:.2f}</y_right_bottom>"
        "<x_left_bottom>{:.2f}</x_left_bottom><y_left_bottom>{:.2f}</y_left_bottom></robndbox>\n  </object>\n",
        escape_markup(name_of(box, categories)), box.truncated ? 1 : 0, box.difficult ? 1 : 0, left, top,
        last(rim.right, static_cast<double>(left)), last(rim.bottom, static_cast<double>(top)), c[0].x, c[0].y, c[1].x,
        c[1].y, c[2].x, c[2].y, c[3].x, c[3].y);
  }
  return text + "</annotation>\n";
}

CocoDocument::CocoDocument(std::vector<std::string> categories) {
  json_ = {{"info", {{"description", "boxes by skysense"}, {"version", "1"}}},
           {"licenses", nlohmann::json::array()},
           {"images", nlohmann::json::array()},
           {"annotations", nlohmann::json::array()},
           {"categories", nlohmann::json::array()}};
  for (size_t i = 0; i < categories.size(); ++i) {
    json_["categories"].push_back({{"id", i + 1}, {"name", categories[i]}, {"supercategory", ""}});
  }
}

void CocoDocument::add(const LabelledImage& image) {
  const auto number = json_["images"].size() + 1;
  json_["images"].push_back(
      {{"id", number}, {"file_name", image.file}, {"width", image.width}, {"height", image.height}});
  for (const LabelledBox& box : image.boxes) {
    const UprightBox rim = upright(box.corners, image.width, image.height);
    nlohmann::json polygon = nlohmann::json::array();
    for (const ImagePoint corner : box.corners) {
      polygon.push_back(rounded(corner.x));
      polygon.push_back(rounded(corner.y));
    }
    json_["annotations"].push_back(
        {{"id", ++annotations_},
         {"image_id", number},
         {"category_id", box.category + 1},
         {"bbox", {rounded(rim.left), rounded(rim.top), rounded(rim.right - rim.left), rounded(rim.bottom - rim.top)}},
         {"area", rounded(box.area())},
         {"segmentation", {polygon}},
         {"iscrowd", 0},
         {"ignore", box.difficult ? 1 : 0}});
  }
}

}  // namespace skysense
