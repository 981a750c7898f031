#pragma once

#include <cstdint>
#include <vector>

#include "core/oriented_box.h"

namespace skysense {

/// The objects of an image: three lists of one length.
struct ObjectLabels {
  std::vector<OrientedBox> boxes;  ///< in pixels of the window read; normalised (le90)
  std::vector<int64_t> classes;    ///< of the data set, from 0
  /// 1: difficult, cut off by the window or a crowd: neither found nor missed nor a mistake to have detected.
  std::vector<uint8_t> ignored;

  int64_t size() const { return static_cast<int64_t>(boxes.size()); }
  void add(const OrientedBox& box, int64_t object_class, bool is_ignored) {
    boxes.push_back(box);
    classes.push_back(object_class);
    ignored.push_back(is_ignored ? 1 : 0);
  }
};

}  // namespace skysense
