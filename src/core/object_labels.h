#pragma once

#include <cstdint>
#include <limits>
#include <vector>

#include "core/oriented_box.h"

namespace skysense {

/// The objects of an image: lists of one length.
struct ObjectLabels {
  std::vector<OrientedBox> boxes;  ///< in pixels of the window read; normalised (le90)
  std::vector<int64_t> classes;    ///< of the data set, from 0
  /// 1: difficult, cut off by the window or a crowd: neither found nor missed nor a mistake to have detected.
  std::vector<uint8_t> ignored;
  /// 1: many objects in one box (COCO's iscrowd), ignored too. COCO's metric holds a detection against the share of it
  /// that lies in a crowd.
  std::vector<uint8_t> crowds;
  /// Square pixels of the object itself where its label tells them (COCO's area, mostly of a segmentation); NaN: it
  /// does not.
  std::vector<double> areas;

  int64_t size() const { return static_cast<int64_t>(boxes.size()); }
  void add(const OrientedBox& box, int64_t object_class, bool is_ignored, bool is_crowd = false,
           double area = std::numeric_limits<double>::quiet_NaN()) {
    boxes.push_back(box);
    classes.push_back(object_class);
    ignored.push_back(is_ignored || is_crowd ? 1 : 0);
    crowds.push_back(is_crowd ? 1 : 0);
    areas.push_back(area);
  }
};

}  // namespace skysense
