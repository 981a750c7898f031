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
  Plot total{"Loss", "step", "loss", {}}, parts{"Loss by part", "step", "loss", {}};
  Plot entropy{"Entropy of the teacher's targets", "step", "nats", {}};
  Plot usage{"Teacher's mean target from uniform use of the outputs", "step", "KL, nats", {}};
  Plot centres{"Norms of the centres", "step", "L2 norm", {}};
  Plot experts{"Largest share of tokens that one expert gets", "step", "share", {}};
  Plot rate{"Learning rate", "step", "lr", {}}, speed{"Speed", "step", "samples/s", {}};
  for (const auto& [name, column] : columns) {
    if (name == "loss")
      total.series.push_back(column);
    else if (name.starts_with("entropy."))
      entropy.series.push_back(column);
    else if (name.starts_with("kl."))
      usage.series.push_back(column);
    else if (name.starts_with("centre."))
      centres.series.push_back(column);
    else if (name.starts_with("experts."))
      experts.series.push_back(column);
    else if (name.starts_with("loss") || name == "moe" || name.find('.') != std::string::npos)  // "hr.image", …
      parts.series.push_back(column);
    else if (name == "lr")
      rate.series.push_back(column);
    else if (name == "samples_per_second")
      speed.series.push_back(column);
  }
  std::vector<Plot> plots;
  for (Plot* plot : {&total, &parts, &entropy, &usage, &centres, &experts, &rate, &speed}) {
    if (!plot->series.empty()) plots.push_back(std::move(*plot));
  }
  return plots;
}

}  // namespace skysense
