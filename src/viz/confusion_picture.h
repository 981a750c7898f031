#pragma once

#include <string>
#include <vector>

#include "viz/picture.h"

namespace skysense {

/// A confusion matrix as a picture: rows are the truth, columns the prediction, each cell with its count and coloured
/// by its share of the row (right answers blue, mistakes orange), the class's accuracy behind every row. `counts` is
/// classes x classes. Throws std::logic_error where it is not.
Picture confusion_picture(const std::vector<std::vector<int64_t>>& counts, const std::vector<std::string>& classes,
                          const std::string& title);

}  // namespace skysense
