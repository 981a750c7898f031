#pragma once

#include <torch/types.h>

#include <cstdint>
#include <map>
#include <vector>

namespace skysense {

/// What was found in one image, and what is there.
struct DetectedImage {
  torch::Tensor scores;          ///< [D] floating, not NaN
  torch::Tensor classes;         ///< [D] int64 in [0, K)
  torch::Tensor areas;           ///< [D] floating: of the boxes found, square pixels
  torch::Tensor object_classes;  ///< [G] int64 in [0, K)
  torch::Tensor object_areas;    ///< [G] floating: of the objects, square pixels
  /// [G] bool: difficult, cut off or a crowd (core/object_labels.h). Such an object is neither found nor missed, and to
  /// have found it is no mistake.
  torch::Tensor ignored;
  /// [D, G] floating: intersection over union of whatever boxes are judged, upright or oriented; with crowds, as
  /// pycocotools has it, the share of the found box that lies in them.
  torch::Tensor overlaps;
};

/// The part of an image that concerns one class: found boxes by falling score, equal ones in their order.
struct DetectedClass {
  std::vector<double> scores, areas;
  std::vector<double> object_areas;
  std::vector<uint8_t> ignored;
  std::vector<double> overlaps;  ///< found x objects, row by row

  int64_t found() const { return static_cast<int64_t>(scores.size()); }
  int64_t objects() const { return static_cast<int64_t>(ignored.size()); }
  double overlap(int64_t found_number, int64_t object) const {
    return overlaps[static_cast<size_t>(found_number * objects() + object)];
  }
};

/// By class; those that the image has neither found boxes nor objects of are left out. Throws c10::ValueError for
/// shapes that disagree, classes out of range and NaN.
std::map<int64_t, DetectedClass> split_by_class(const DetectedImage& image, int64_t classes);

}  // namespace skysense
