#pragma once

#include <string>
#include <utility>
#include <vector>

#include "viz/picture.h"

namespace skysense {

/// Precision over recall of one class.
struct PrecisionRecallLine {
  std::string name;  ///< shown beside the diagram
  Colour colour;
  std::vector<std::pair<double, double>> points;  ///< (recall, precision), both in [0, 1], by rising recall
};

/// The curves of all classes in one diagram, with their names below each other on its right.
Picture precision_recall_picture(const std::vector<PrecisionRecallLine>& lines, const std::string& title);

}  // namespace skysense
