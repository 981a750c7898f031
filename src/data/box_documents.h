#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "core/oriented_box.h"

namespace skysense {

/// An object as a document names it: nothing of it is checked but that its numbers are numbers (NaN is one).
struct NamedObject {
  std::string name;                       ///< of its class
  std::string where;                      ///< "FILE:LINE", with the number of the annotation where lines say little
  std::optional<UprightBox> upright{};    ///< as written: it may be inside out
  std::vector<ImagePoint> outline{};      ///< the corners of its oriented box, or a polygon; empty: it has none
  bool truncated = false;                 ///< it goes on beyond the image
  bool difficult = false, crowd = false;  ///< evaluation leaves it out
  std::optional<double> area{};           ///< square pixels, as written
};

/// What a document says of one image.
struct ImageObjects {
  int64_t width = 0, height = 0;  ///< of the image; 0: the document does not say
  std::vector<NamedObject> objects;
};

// All parsers throw DataError "<origin>:<line>: …" for text that is not of their format.

/// DOTA's labelTxt (data/box_formats.h): lines of head with a colon, then x1 y1 x2 y2 x3 y3 x4 y4 category, and
/// difficult where it is known: what is not 0 is difficult.
ImageObjects parse_dota(const std::string& text, const std::string& origin);

/// PASCAL VOC's XML. `bndbox` counts whole pixels from 1, both ends included: 1 to 3 covers [0, 3). A `robndbox` with
/// corners (DIOR-R) holds coordinates from 0. An object may have either or both.
ImageObjects parse_voc(const std::string& text, const std::string& origin);

/// FAIR1M's XML (Sun et al. 2022): objects with points "x,y", the first of which is repeated at the end, and possible
/// results, the first of which names the class.
ImageObjects parse_fair1m(const std::string& text, const std::string& origin);

}  // namespace skysense
