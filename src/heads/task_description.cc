#include "heads/task_description.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <unordered_set>
#include <utility>

#include "core/error.h"
#include "core/whole_number.h"

namespace skysense {
namespace {

constexpr int64_t kFormatVersion = 1;

constexpr std::array<std::pair<TaskKind, std::string_view>, 6> kKinds = {
    {{TaskKind::kScene, "scene"},
     {TaskKind::kSceneLabels, "scene labels"},
     {TaskKind::kMap, "map"},
     {TaskKind::kChange, "change"},
     {TaskKind::kSemanticChange, "semantic change"},
     {TaskKind::kBoxes, "boxes"}}};
constexpr std::array<std::pair<TaskLoss, std::string_view>, 3> kLosses = {
    {{TaskLoss::kCrossEntropy, "cross-entropy"},
     {TaskLoss::kBinaryCrossEntropy, "binary-cross-entropy"},
     {TaskLoss::kMultiLabelSoftMargin, "multi-label-soft-margin"}}};

template <class T, size_t N>
std::string_view name_of(const std::array<std::pair<T, std::string_view>, N>& names, T value) {
  for (const auto& [known, name] : names) {
    if (known == value) return name;
  }
  throw std::logic_error(fmt::format("no name for {}", static_cast<int>(value)));
}

template <class Error, class T, size_t N>
T value_of(const std::array<std::pair<T, std::string_view>, N>& names, std::string_view name, const std::string& what) {
  std::string list;
  for (const auto& [value, known] : names) {
    if (known == name) return value;
    list += fmt::format("{}{}", list.empty() ? "" : ", ", known);
  }
  throw Error(fmt::format("{} '{}': expected one of {}", what, name, list));
}

/// [red, green, blue], each 0 to 255; json's own conversion takes any number.
std::array<uint8_t, 3> read_colour(const nlohmann::json& json, const std::string& origin) {
  std::array<uint8_t, 3> colour{};
  bool fits = json.is_array() && json.size() == colour.size();
  for (size_t i = 0; fits && i < colour.size(); ++i) {
    fits = json[i].is_number_unsigned() && json[i].get<uint64_t>() <= 255;
    if (fits) colour[i] = static_cast<uint8_t>(json[i].get<uint64_t>());
  }
  if (!fits) throw DataError(origin + ": a colour is three whole numbers of 0 to 255");
  return colour;
}

/// The classes' names and colours.
void read_classes(const nlohmann::json& json, const std::string& origin, TaskDescription& task) {
  std::unordered_set<std::string> met;
  for (const auto& entry : json) {
    task.classes.push_back(entry.at("name").get<std::string>());
    if (task.classes.back().empty() || !met.insert(task.classes.back()).second)
      throw DataError(fmt::format("{}: class names must differ and not be empty", origin));
    if (entry.contains("colour")) task.colours.push_back(read_colour(entry.at("colour"), origin));
  }
  if (task.classes.empty()) throw DataError(origin + ": a task has at least one class");
  if (!task.colours.empty() && task.colours.size() != task.classes.size())
    throw DataError(origin + ": either every class has a colour or none");
}

/// Of the modalities of the task, in their order.
void read_inputs(const nlohmann::json& json, const std::string& origin, TaskDescription& task) {
  for (const Modality modality : kModalities) {
    const auto found = json.find(std::string(modality_name(modality)));
    if (found == json.end()) continue;
    task.modalities.push_back(modality);
    task.dates[modality] = whole_number(*found, "dates");
    task.pixels_per_output[modality] = found->at("pixels_per_output").get<double>();
    const double ratio = task.pixels_per_output[modality];
    if (task.dates[modality] < 1 || !std::isfinite(ratio) || ratio <= 0)
      throw DataError(fmt::format("{}: input {} wants dates of at least 1 and pixels_per_output above 0", origin,
                                  modality_name(modality)));
  }
  if (task.modalities.empty()) throw DataError(origin + ": a task has at least one input");
}

}  // namespace

std::string_view task_kind_name(TaskKind kind) { return name_of(kKinds, kind); }

std::string_view task_loss_name(TaskLoss loss) { return name_of(kLosses, loss); }

TaskLoss parse_task_loss(std::string_view name) { return value_of<UsageError>(kLosses, name, "unknown loss"); }

std::string format_task_description(const TaskDescription& task) {
  nlohmann::json classes = nlohmann::json::array(), inputs = nlohmann::json::object();
  for (size_t i = 0; i < task.classes.size(); ++i) {
    classes.push_back({{"name", task.classes[i]}});
    if (!task.colours.empty()) classes.back()["colour"] = task.colours.at(i);
  }
  for (const Modality modality : task.modalities) {
    inputs[std::string(modality_name(modality))] = {{"dates", task.dates[modality]},
                                                    {"pixels_per_output", task.pixels_per_output[modality]}};
  }
  nlohmann::json json{{"format_version", kFormatVersion},
                      {"recipe", task.recipe},
                      {"dataset", task.dataset},
                      {"kind", task_kind_name(task.kind)},
                      {"classes", classes},
                      {"loss", task_loss_name(task.loss)},
                      {"inputs", inputs},
                      {"output", modality_name(task.output)},
                      {"tile", task.tile}};
  if (task.kind == TaskKind::kBoxes) json["oriented"] = task.oriented;
  return json.dump(2) + "\n";
}

TaskDescription parse_task_description(const std::string& text, const std::string& origin) {
  try {
    const auto json = nlohmann::json::parse(text);
    const int64_t version = whole_number(json, "format_version");
    if (version != kFormatVersion)
      throw DataError(fmt::format("{}: format_version is {}, this program reads {}", origin, version, kFormatVersion));
    TaskDescription task;
    task.recipe = json.at("recipe").get<std::string>();
    task.dataset = json.at("dataset").get<std::string>();
    task.kind = value_of<DataError>(kKinds, json.at("kind").get<std::string>(), origin + ": kind");
    if (task.kind == TaskKind::kBoxes) task.oriented = json.at("oriented").get<bool>();
    task.loss = value_of<DataError>(kLosses, json.at("loss").get<std::string>(), origin + ": loss");
    read_classes(json.at("classes"), origin, task);
    read_inputs(json.at("inputs"), origin, task);
    task.output = parse_modality(json.at("output").get<std::string>());
    task.tile = whole_number(json, "tile");
    if (task.tile < 0) throw DataError(origin + ": tile must not be negative");
    return task;
  } catch (const nlohmann::json::exception& error) {
    throw DataError(fmt::format("{}: {}", origin, error.what()));
  }
}

}  // namespace skysense
