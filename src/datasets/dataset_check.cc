#include "datasets/dataset_check.h"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>

#include "core/error.h"
#include "raster/vsi_file.h"

namespace skysense {
namespace {

/// Running moments of one band.
struct BandSums {
  double minimum = std::numeric_limits<double>::infinity(), maximum = -minimum, sum = 0, squares = 0;
  int64_t count = 0;

  void add(const torch::Tensor& values) {
    if (values.numel() == 0) return;
    const auto doubles = values.to(torch::kFloat64);
    minimum = std::min(minimum, doubles.min().item<double>());
    maximum = std::max(maximum, doubles.max().item<double>());
    sum += doubles.sum().item<double>();
    squares += doubles.square().sum().item<double>();
    count += values.numel();
  }
};

using SensorSums = PerModality<std::vector<BandSums>>;

bool exists(const std::string& path) {
  const std::string prefix = "GTIFF_RAW:";
  const std::string file = path.starts_with(prefix) ? path.substr(prefix.size()) : path;
  return is_vsi(file) ? vsi_exists(file) : std::filesystem::exists(file);
}

void count_label(const LabelledSample& sample, LabelKind kind, DatasetCheck::Split& split) {
  if (sample.objects) {
    for (size_t i = 0; i < sample.objects->boxes.size(); ++i) {
      ++split.classes[static_cast<size_t>(sample.objects->classes[i])];
      split.ignored += sample.objects->ignored[i];
    }
    return;
  }
  if (!sample.label.defined()) {
    ++split.unlabelled;
    return;
  }
  const auto classes = static_cast<int64_t>(split.classes.size());
  auto counts = sample.label;
  if (kind != LabelKind::kMultiLabel) {
    const auto flat = sample.label.flatten();
    split.ignored += (flat < 0).sum().item<int64_t>();
    counts = torch::bincount(flat.masked_select(flat >= 0), {}, classes);
  }
  for (int64_t k = 0; k < classes; ++k) split.classes[static_cast<size_t>(k)] += counts[k].item<int64_t>();
}

void add_values(const LabelledSample& sample, SensorSums& sums) {
  for (const Modality modality : kModalities) {
    if (!sample.images[modality]) continue;
    const ImageSeries& series = sample.images[modality]->series;
    for (int64_t c = 0; c < series.values.size(1); ++c)
      sums[modality][static_cast<size_t>(c)].add(series.values.select(1, c).masked_select(series.valid));
  }
}

}  // namespace

DatasetCheck check_dataset(const LabelledDataset& dataset, const CheckOptions& options) {
  const DatasetDescription& description = dataset.description();
  DatasetCheck check;
  SensorSums sums;
  for (const Modality modality : kModalities) {
    if (description.sensors[modality]) sums[modality].resize(description.sensors[modality]->bands.size());
  }
  const auto list = [&](std::vector<std::string>& lines, const std::string& line) {
    if (static_cast<int64_t>(lines.size()) < options.most_listed) lines.push_back(line);
  };
  const auto leave_out = [&](const std::vector<std::string>& lines) {
    check.left_out += static_cast<int64_t>(lines.size());
    for (const std::string& line : lines) list(check.problems, line);
  };
  leave_out(description.problems);
  const int64_t wanted = options.samples == 0 ? dataset.size() : std::min(options.samples, dataset.size());
  std::set<std::string> seen;
  for (int64_t number = 0; number < dataset.size(); ++number) {
    auto& split = check.splits[dataset.entry(number).split];
    split.classes.resize(description.classes.size());
    ++split.samples;
    bool complete = true;
    for (const std::string& file : dataset.files(number)) {
      if (exists(file)) continue;
      complete = false;
      if (!seen.insert(file).second) continue;
      ++check.missing_files;
      list(check.missing, file);
    }
    // Evenly spread: the samples at which the count of those to be read goes up.
    const bool chosen = (number + 1) * wanted / dataset.size() > number * wanted / dataset.size();
    if (!chosen || !complete) continue;
    try {
      const LabelledSample sample = dataset.get(number);
      count_label(sample, description.label, split);
      add_values(sample, sums);
      leave_out(sample.problems);
      ++check.read;
    } catch (const DataError& error) {
      ++check.unreadable;
      list(check.problems, error.what());
    }
  }
  for (const Modality modality : kModalities) {
    for (size_t c = 0; c < sums[modality].size(); ++c) {
      const BandSums& band = sums[modality][c];
      if (band.count == 0) continue;
      const auto count = static_cast<double>(band.count);
      const double mean = band.sum / count;
      check.bands.push_back(
          {fmt::format("{} {}", modality_name(modality), description.sensors[modality]->bands[c].name), band.minimum,
           band.maximum, mean, std::sqrt(std::max(0.0, band.squares / count - mean * mean))});
    }
  }
  return check;
}

nlohmann::json check_to_json(const DatasetCheck& check, const DatasetDescription& description) {
  nlohmann::json splits = nlohmann::json::object(), bands = nlohmann::json::array(), sensors = nlohmann::json::object();
  for (const auto& [name, split] : check.splits) {
    nlohmann::json classes = nlohmann::json::object();
    for (size_t k = 0; k < split.classes.size(); ++k) classes[description.classes[k]] = split.classes[k];
    splits[name] = {{"samples", split.samples},
                    {"classes", classes},
                    {description.label == LabelKind::kBoxes ? "ignored_objects" : "ignored_pixels", split.ignored},
                    {"unlabelled", split.unlabelled}};
  }
  for (const auto& band : check.bands) {
    bands.push_back({{"band", band.band},
                     {"minimum", band.minimum},
                     {"maximum", band.maximum},
                     {"mean", band.mean},
                     {"std", band.std}});
  }
  for (const Modality modality : kModalities) {
    if (description.sensors[modality])
      sensors[std::string(modality_name(modality))] = description.sensors[modality]->name;
  }
  return {{"dataset", description.name},
          {"label", label_kind_name(description.label)},
          {"classes", description.classes},
          {"sensors", sensors},
          {"split_rule", description.split_rule},
          {"splits", splits},
          {"bands", bands},
          {"samples_read", check.read},
          {"missing_files", check.missing_files},
          {"missing", check.missing},
          {"unreadable", check.unreadable},
          {"left_out", check.left_out},
          {"problems", check.problems}};
}

}  // namespace skysense
