#include "eval/score_table.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>

namespace skysense {
namespace {

/// One name a class.
std::vector<std::string> all_names(const ClassificationScores& scores, const std::vector<std::string>& names) {
  TORCH_CHECK_VALUE(names.size() <= scores.classes.size(), names.size(), " names of ", scores.classes.size(),
                    " classes");
  std::vector<std::string> all = names;
  for (size_t k = all.size(); k < scores.classes.size(); ++k) all.push_back(std::to_string(k));
  return all;
}

std::string percent(const std::optional<double>& share) { return share ? fmt::format("{:.2f}", 100 * *share) : "-"; }

nlohmann::json json_of(const std::optional<double>& value) { return value ? nlohmann::json(*value) : nlohmann::json(); }

}  // namespace

std::string class_table(const ClassificationScores& scores, const std::vector<std::string>& names) {
  const auto all = all_names(scores, names);
  size_t width = 5;
  for (const std::string& name : all) width = std::max(width, name.size());
  std::string table;
  const auto line = [&](const std::string& name, const std::string& samples, const std::string& accuracy,
                        const std::string& precision, const std::string& f1, const std::string& iou) {
    table += fmt::format("{:<{}} {:>12} {:>8} {:>9} {:>7} {:>7}\n", name, width, samples, accuracy, precision, f1, iou);
  };
  line("class", "samples", "accuracy", "precision", "F1", "IoU");
  int64_t total = 0;
  for (size_t k = 0; k < all.size(); ++k) {
    const ClassScores& one = scores.classes[k];
    total += one.samples;
    line(all[k], std::to_string(one.samples), percent(one.accuracy), percent(one.precision), percent(one.f1),
         percent(one.iou));
  }
  line("mean", std::to_string(total), percent(scores.mean_class_accuracy), "", percent(scores.macro_f1),
       percent(scores.mean_iou));
  return table + fmt::format("OA {:.2f} +- {:.2f}\n", 100 * scores.overall_accuracy, 100 * scores.standard_error);
}

nlohmann::json scores_to_json(const ClassificationScores& scores, const std::vector<std::string>& names) {
  const auto all = all_names(scores, names);
  nlohmann::json per_class = nlohmann::json::array();
  for (size_t k = 0; k < all.size(); ++k) {
    const ClassScores& one = scores.classes[k];
    per_class.push_back({{"class", all[k]},
                         {"samples", one.samples},
                         {"accuracy", json_of(one.accuracy)},
                         {"precision", one.precision},
                         {"f1", one.f1},
                         {"iou", json_of(one.iou)}});
  }
  return {{"oa", scores.overall_accuracy},
          {"standard_error", scores.standard_error},
          {"mean_class_accuracy", scores.mean_class_accuracy},
          {"macro_f1", scores.macro_f1},
          {"miou", scores.mean_iou},
          {"per_class", per_class}};
}

}  // namespace skysense
