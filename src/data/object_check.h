#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/object_labels.h"
#include "data/box_documents.h"

namespace skysense {

/// Which of its boxes stands for an object.
enum class BoxKind {
  kUpright,   ///< the upright one, or the bounds of its outline; cut to the image
  kOriented,  ///< the smallest rectangle around its outline, or the upright one where it has no outline
};

/// The objects of an image that can be learnt from, and why the others cannot.
struct CheckedObjects {
  ObjectLabels labels;                ///< in pixels of the image
  std::vector<std::string> problems;  ///< "FILE:LINE: …", one for each object left out
};

/// Checks what a document names against the data set's classes and the image. Left out are objects of unknown class,
/// with coordinates that are no numbers, without a width or height, and wholly outside the image. `classes` has the
/// number of each name; those of -1 are no classes of the data set, and left out without a word.
CheckedObjects check_objects(const ImageObjects& image, const std::map<std::string, int64_t>& classes, BoxKind kind,
                             int64_t width, int64_t height);

}  // namespace skysense
