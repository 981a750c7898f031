#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "data/box_documents.h"

namespace skysense {

/// An image of a COCO document.
struct CocoImage {
  int64_t id = 0;
  std::string file;
  ImageObjects objects;
};

/// What a COCO document (Lin et al., arXiv 1405.0312; its format of object detection) says.
struct CocoObjects {
  std::vector<std::string> classes;   ///< names of the categories, by rising identifier
  std::vector<CocoImage> images;      ///< in the document's order
  std::vector<std::string> problems;  ///< annotations of images that the document does not have: "FILE:LINE: …"
};

/// Boxes are [x, y, width, height]; an annotation's polygons become its outline, and what is `iscrowd` a crowd, what
/// is `ignore` difficult; `area` is kept. NaN and Infinity, as Python writes them, and null are read as numbers that
/// are none. An unknown category is named "category N". Throws DataError "<origin>…" for text that is not JSON or lacks
/// what the format has, and for identifiers or names that stand twice.
CocoObjects parse_coco(const std::string& text, const std::string& origin);

}  // namespace skysense
