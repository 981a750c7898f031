#include "ingest/build_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "core/class_names.h"
#include "core/error.h"
#include "core/files.h"
#include "core/place_index.h"
#include "core/progress.h"
#include "ingest/array_series.h"
#include "ingest/band_statistics.h"
#include "ingest/image_candidates.h"
#include "ingest/index_dataset.h"
#include "ingest/place_grouping.h"
#include "ingest/place_lists.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

/// Everything found so far.
struct Findings {
  std::vector<ImageCandidate> candidates;
  std::vector<PlaceRecord> listed;  // places of SkySense++ lists
  IndexReport report;
};

/// Sensors asked for, where a modality has one; else nothing.
PerModality<std::string> sensors_asked(const std::vector<std::string>& names) {
  PerModality<std::string> sensors;
  for (const std::string& name : names) {
    std::string& sensor = sensors[builtin_contract(name).modality];
    if (!sensor.empty() && sensor != name)
      throw UsageError(fmt::format("--sensor {} and --sensor {}: a dataset has one sensor a modality", sensor, name));
    sensor = name;
  }
  return sensors;
}

void search(const fs::path& input, const BuildIndexOptions& options, const fs::path& dataset, Findings& findings) {
  const fs::path root = fs::weakly_canonical(input);
  const std::vector<fs::path> files = list_files(root);
  std::set<fs::path> taken;
  for (const fs::path& file : files) {
    try {
      if (file.extension() == ".json") {
        if (auto places = read_place_list(file, dataset, findings.report)) {
          findings.listed.insert(findings.listed.end(), places->begin(), places->end());
          // What a list names is not searched for again.
          for (const PlaceRecord& place : *places) {
            for (const auto& images : place.images) {
              for (const PlaceImage& image : images) taken.insert(fs::weakly_canonical(dataset / image.paths.front()));
            }
            if (!place.label.empty()) taken.insert(fs::weakly_canonical(dataset / place.label));
          }
        }
        continue;
      }
      auto converted = convert_worldcereal(file, dataset / "converted", findings.report);
      if (!converted) converted = convert_treesat(file, dataset / "converted", findings.report);
      if (!converted) continue;
      taken.insert(converted->consumed.begin(), converted->consumed.end());
      for (ImageCandidate& image : converted->images) findings.candidates.push_back(std::move(image));
    } catch (const DataError& error) {
      findings.report.skipped.push_back({file.string(), error.what()});
      taken.insert(file);
    }
  }
  std::optional<Progress> progress;
  const auto show = [&](int64_t done, int64_t total) {
    if (!progress) progress.emplace(fmt::format("index {}", root.filename().string()), total, "images");
    progress->update(done);
  };
  auto found = find_images(
      root, {options.sensors, options.bands}, [&](const fs::path& file) { return taken.contains(file); },
      findings.report, show);
  std::move(found.begin(), found.end(), std::back_inserter(findings.candidates));
}

/// Fills the report's counts from the final places.
void count(const std::vector<PlaceRecord>& places, IndexReport& report) {
  report.places = static_cast<int64_t>(places.size());
  for (const PlaceRecord& place : places) {
    for (const Modality modality : kModalities)
      report.images[modality] += static_cast<int64_t>(place.images[modality].size());
    report.labels += place.label.empty() ? 0 : 1;
  }
}

SensorContracts contracts_of(const std::vector<PlaceRecord>& places, const PerModality<std::string>& found,
                             const PerModality<std::string>& asked) {
  // A SkySense++ list says which sensors it is about only by its keys.
  const PerModality<std::string> defaults = {{"aerial-rgb", "sentinel2-l2a", "sentinel1-grd-db"}};
  SensorContracts contracts;
  for (const Modality modality : kModalities) {
    const bool used = std::any_of(places.begin(), places.end(),
                                  [&](const PlaceRecord& place) { return !place.images[modality].empty(); });
    if (!used) continue;
    const std::string name = !asked[modality].empty()   ? asked[modality]
                             : !found[modality].empty() ? found[modality]
                                                        : defaults[modality];
    contracts[modality] = builtin_contract(name);
  }
  return contracts;
}

void write_contract(const fs::path& folder, const SensorContracts& contracts) {
  write_file_atomically(folder / "contract.json", contracts_to_json(contracts).dump(2) + "\n");
}

}  // namespace

IndexReport build_index(const BuildIndexOptions& options) {
  const PerModality<std::string> asked = sensors_asked(options.sensors);
  if (fs::exists(options.output) && !options.overwrite) {
    throw DataError(
        fmt::format("{}: exists already; choose another folder or give --overwrite", options.output.string()));
  }
  fs::path output = fs::absolute(options.output).lexically_normal();
  if (output.filename().empty()) output = output.parent_path();
  fs::create_directories(output.parent_path());
  output = fs::canonical(output.parent_path()) / output.filename();
  IndexReport report;
  write_folder_atomically(output, [&](const fs::path& dataset) {
    Findings findings;
    for (const fs::path& input : options.inputs) search(input, options, dataset, findings);
    keep_one_sensor(findings.candidates, findings.report);
    std::vector<PlaceRecord> places = group_places(findings.candidates, dataset, findings.report);
    places.insert(places.end(), findings.listed.begin(), findings.listed.end());
    if (places.empty()) {
      const auto& skipped = findings.report.skipped;
      throw DataError(fmt::format("{}: no usable image{}", options.inputs.front().string(),
                                  skipped.empty() ? ""
                                                  : fmt::format(" ({} left out, the first: {}: {})", skipped.size(),
                                                                skipped[0].path, skipped[0].reason)));
    }
    count(places, findings.report);
    SensorContracts contracts = contracts_of(places, findings.report.sensors, asked);
    for (const Modality modality : kModalities)
      findings.report.sensors[modality] = contracts[modality] ? contracts[modality]->name : "";
    write_place_index(dataset / "index.jsonl", places);
    write_contract(dataset, contracts);
    if (!findings.report.classes.empty()) write_class_names(dataset, findings.report.classes);
    if (options.statistics) {
      std::optional<Progress> progress;
      const IndexDataset written(dataset);
      contracts = measure_statistics(written, {}, [&](int64_t done, int64_t total) {
        if (!progress) progress.emplace("statistics", total, "places");
        progress->update(done);
      });
      write_contract(dataset, contracts);
    }
    write_file_atomically(dataset / "index-report.json", report_to_json(findings.report).dump(2) + "\n");
    report = findings.report;
  });
  return report;
}

}  // namespace skysense
