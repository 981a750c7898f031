#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <sstream>

#include <fmt/format.h>

#include "core/error.h"
#include "core/files.h"
#include "viz/report.h"

namespace skysense {
namespace {

using Json = nlohmann::json;

/// Every numeric column of the log over its step.
std::map<std::string, PlotSeries> read_columns(const std::filesystem::path& file) {
  std::istringstream lines(read_text_file(file));
  std::map<std::string, PlotSeries> columns;
  std::string line;
  for (int64_t number = 1; std::getline(lines, line); ++number) {
    if (line.empty()) continue;
    const Json entry = Json::parse(line, nullptr, false);
    if (!entry.is_object()) {
      if (lines.peek() == std::char_traits<char>::eof()) break;  // cut short by a killed run
      throw DataError(fmt::format("{}:{}: is no JSON object; a run's log holds one a line", file.string(), number));
    }
    if (!entry.contains("step") || !entry["step"].is_number()) continue;
    const double step = entry["step"].get<double>();
    for (const auto& [key, value] : entry.items()) {
      if (key == "step" || !value.is_number() || !std::isfinite(value.get<double>())) continue;
      PlotSeries& column = columns[key];
      column.name = key;
      column.points.emplace_back(step, value.get<double>());
    }
  }
  return columns;
}

}  // namespace

std::vector<Plot> curves_of_log(const std::filesystem::path& log_jsonl) {
  const auto columns = read_columns(log_jsonl);
  Plot accuracy{"kNN accuracy of the teacher's features", "step", "accuracy", {}};
  Plot validation{"Validation", "step", "score", {}};
  Plot total{"Loss", "step", "loss", {}}, parts{"Loss by part", "step", "loss", {}};
  Plot entropy{"Entropy of the teacher's targets", "step", "nats", {}};
  Plot usage{"Teacher's mean target from uniform use of the outputs", "step", "KL, nats", {}};
  Plot centres{"Norms of the centres", "step", "L2 norm", {}};
  Plot experts{"Largest share of tokens that one expert gets", "step", "share", {}};
  Plot gradient{"Norm of the gradient before clipping", "step", "L2 norm", {}};
  Plot rate{"Learning rate", "step", "lr", {}}, speed{"Speed", "step", "samples/s", {}};
  Plot waiting{"Time spent waiting for data", "step", "share", {}};
  const std::map<std::string_view, Plot*> by_name = {{"loss", &total},
                                                     {"lr", &rate},
                                                     {"gradient_norm", &gradient},
                                                     {"samples_per_second", &speed},
                                                     {"waiting_share", &waiting}};
  const std::map<std::string_view, Plot*> by_group = {{"eval", &accuracy},   {"entropy", &entropy},
                                                      {"kl", &usage},        {"centre", &centres},
                                                      {"experts", &experts}, {"val", &validation}};
  for (const auto& [name, column] : columns) {
    if (name == "eval.seconds") continue;
    const auto known = by_name.find(name);
    const auto group = by_group.find(std::string_view(name).substr(0, name.find('.')));
    // What is left are losses: "hr.image", "query", "moe", …
    Plot* plot = known != by_name.end() ? known->second : group != by_group.end() ? group->second : &parts;
    plot->series.push_back(column);
  }
  std::vector<Plot> plots;
  for (Plot* plot : {&accuracy, &validation, &total, &parts, &entropy, &usage, &centres, &experts, &gradient, &rate,
                     &speed, &waiting}) {
    if (!plot->series.empty()) plots.push_back(std::move(*plot));
  }
  return plots;
}

}  // namespace skysense
