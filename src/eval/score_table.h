#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "eval/metrics.h"

namespace skysense {

/// A line a class for people: name, samples, accuracy, precision, F1 and IoU in percent ("-" where there is none), and
/// the means below. `names` are those of classes 0, 1, …; beyond them the number stands. Throws c10::ValueError for
/// more names than classes.
std::string class_table(const ClassificationScores& scores, const std::vector<std::string>& names);

/// The same for programs: oa, standard_error, mean_class_accuracy, macro_f1, miou and per_class (class, samples,
/// accuracy, precision, f1, iou; null where there is none).
nlohmann::json scores_to_json(const ClassificationScores& scores, const std::vector<std::string>& names);

}  // namespace skysense
