#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/oriented_box.h"

namespace skysense {

/// One object of an image by its oriented box.
struct LabelledBox {
  int64_t category = 0;    ///< among the data set's categories, from 0
  BoxCorners corners;      ///< clockwise in the image
  bool truncated = false;  ///< the object goes on beyond the image
  bool difficult = false;  ///< evaluation leaves it out

  double area() const;
};

/// An image and its boxes, whichever format they are written in.
struct LabelledImage {
  std::string file;  ///< as the annotation names it
  int64_t width = 0, height = 0, bands = 3;
  double gsd_m = 1;
  std::vector<LabelledBox> boxes;
};

/// DOTA's labelTxt (Xia et al., arXiv 1711.10398): two lines of head, then x1 y1 x2 y2 x3 y3 x4 y4 category difficult.
std::string dota_text(const LabelledImage& image, const std::vector<std::string>& categories);

/// PASCAL VOC's XML: upright boxes in whole pixels from 1, both ends included; the oriented box beside it as DIOR-R's
/// `robndbox`, which readers of VOC leave alone.
std::string voc_xml(const LabelledImage& image, const std::vector<std::string>& categories);

/// A COCO document, image by image: upright boxes [x, y, width, height], the oriented box as segmentation. Categories
/// and identifiers count from 1.
class CocoDocument {
 public:
  explicit CocoDocument(std::vector<std::string> categories);
  void add(const LabelledImage& image);
  const nlohmann::json& json() const { return json_; }

 private:
  nlohmann::json json_;
  int64_t annotations_ = 0;
};

}  // namespace skysense
