#include "ingest/build_index.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/class_names.h"
#include "core/error.h"
#include "core/files.h"
#include "core/place_index.h"
#include "core/progress.h"
#include "ingest/band_statistics.h"
#include "ingest/collection_search.h"
#include "ingest/index_dataset.h"
#include "ingest/osm_labels.h"
#include "ingest/place_ground.h"
#include "ingest/place_grouping.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

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

std::vector<PlaceRecord> cut(const std::vector<ImageCandidate>& candidates, const CutOptions& options,
                             const fs::path& dataset, IndexReport& report) {
  std::optional<Progress> progress;
  return cut_places(candidates, options, dataset, report, [&](int64_t done, int64_t total) {
    if (!progress) progress.emplace("cut places", total, "images");
    progress->update(done);
  });
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

/// The pixel size at which cut places are read: HR's finest image decides unless the user does.
void set_hr_gsd(const std::vector<ImageCandidate>& candidates, const BuildIndexOptions& options,
                SensorContracts& contracts) {
  auto& hr = contracts[Modality::kHr];
  if (!hr) return;
  std::optional<double> finest = options.hr_gsd_m;
  for (const ImageCandidate& candidate : candidates) {
    if (options.hr_gsd_m || candidate.kind != ImageCandidate::Kind::kImage || candidate.sensor != hr->name) continue;
    const auto gsd_m = ground_sample_distance_m({candidate.grid.wkt, candidate.grid.transform}, candidate.grid.width,
                                                candidate.grid.height);
    if (gsd_m && (!finest || *gsd_m < *finest)) finest = gsd_m;
  }
  if (finest) hr->gsd_m = *finest;
  const double side = options.cut->place_size_m / hr->gsd_m;
  if (side > static_cast<double>(kMaxPlaceSide)) {
    throw UsageError(
        fmt::format("--place-size {:g}: {:.0f} HR pixels of {:.3g} m a side, more than {}: choose smaller "
                    "places or a larger --hr-gsd",
                    options.cut->place_size_m, side, hr->gsd_m, kMaxPlaceSide));
  }
}

void check_cut(const BuildIndexOptions& options) {
  const CutOptions& cut = *options.cut;
  if (options.hr_gsd_m && !(*options.hr_gsd_m > 0 && std::isfinite(*options.hr_gsd_m)))
    throw UsageError(fmt::format("--hr-gsd {:g}: expected metres above 0", *options.hr_gsd_m));
  if (cut.max_days && *cut.max_days < 0)
    throw UsageError(fmt::format("--max-days {}: expected a number of days, 0 or more", *cut.max_days));
  if (!(cut.place_size_m > 0) || !std::isfinite(cut.place_size_m))
    throw UsageError(fmt::format("--place-size {:g}: expected metres above 0", cut.place_size_m));
  if (!(cut.min_valid > 0) || !(cut.min_valid <= 1))
    throw UsageError(fmt::format("--min-valid {:g}: expected a share above 0, at most 1", cut.min_valid));
  if (!(cut.max_cloud >= 0) || !(cut.max_cloud <= 1))
    throw UsageError(fmt::format("--max-cloud {:g}: expected a share of 0 to 1", cut.max_cloud));
}

void write_contract(const fs::path& folder, const SensorContracts& contracts) {
  write_file_atomically(folder / "contract.json", contracts_to_json(contracts).dump(2) + "\n");
}

std::vector<std::string> class_names(const OsmRules& rules) {
  std::vector<std::string> names;
  for (const OsmClass& one : rules.classes) names.push_back(one.name);
  return names;
}

}  // namespace

IndexReport build_index(const BuildIndexOptions& options) {
  const PerModality<std::string> asked = sensors_asked(options.sensors);
  if (options.cut) check_cut(options);
  if (!options.osm_rules.empty() && options.osm.empty()) throw UsageError("--rules goes with --osm");
  if (fs::exists(options.output) && !options.overwrite) {
    throw DataError(
        fmt::format("{}: exists already; choose another folder or give --overwrite", options.output.string()));
  }
  fs::path output = fs::absolute(options.output).lexically_normal();
  if (output.filename().empty()) output = output.parent_path();
  fs::create_directories(output.parent_path());
  output = fs::canonical(output.parent_path()) / output.filename();
  std::optional<OsmFeatures> osm;
  if (!options.osm.empty())
    osm.emplace(options.osm, options.osm_rules.empty() ? default_osm_rules() : read_osm_rules(options.osm_rules));
  IndexReport report;
  write_folder_atomically(output, [&](const fs::path& dataset) {
    Findings findings;
    for (const fs::path& input : options.inputs)
      search_collection(input, options.sensors, options.bands, dataset, findings);
    keep_one_sensor(findings.candidates, findings.report);
    std::vector<PlaceRecord> places = options.cut ? cut(findings.candidates, *options.cut, dataset, findings.report)
                                                  : group_places(findings.candidates, dataset, findings.report);
    places.insert(places.end(), findings.listed.begin(), findings.listed.end());
    if (places.empty()) {
      const auto& left_out = findings.report.left_out_places;
      if (!left_out.empty()) {
        throw DataError(fmt::format("{}: none of the {} squares of {:g} m became a place, the first ({}): {}",
                                    options.inputs.front().string(), left_out.size(), options.cut->place_size_m,
                                    left_out[0].path, left_out[0].reason));
      }
      const auto& skipped = findings.report.skipped;
      throw DataError(fmt::format("{}: no usable image{}", options.inputs.front().string(),
                                  skipped.empty() ? ""
                                                  : fmt::format(" ({} left out, the first: {}: {})", skipped.size(),
                                                                skipped[0].path, skipped[0].reason)));
    }
    SensorContracts contracts = contracts_of(places, findings.report.sensors, asked);
    for (const Modality modality : kModalities)
      findings.report.sensors[modality] = contracts[modality] ? contracts[modality]->name : "";
    if (options.cut) set_hr_gsd(findings.candidates, options, contracts);
    if (osm) {
      label_places(*osm, contracts, dataset, places, findings.report);
      write_class_names(dataset / kLabelClassesFile, class_names(osm->rules()));
    }
    count(places, findings.report);
    write_place_index(dataset / "index.jsonl", places);
    write_contract(dataset, contracts);
    if (!findings.report.classes.empty()) write_class_names(dataset / kClassesFile, findings.report.classes);
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
