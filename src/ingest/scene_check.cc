#include "ingest/scene_check.h"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "ingest/contract_check.h"
#include "ingest/contract_reader.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

/// The report, with bands that cannot be found as its only problem. Files that cannot be opened throw.
ContractReport examine(const SceneFiles& scene, const SensorContract& contract) {
  for (const std::string& path : scene.paths) RasterReader(path, scene.validity);
  try {
    const ContractReader reader(scene.paths, contract, scene.bands, scene.validity);
    return reader.examine();
  } catch (const DataError& error) {
    ContractReport report;
    report.problems.push_back({"", error.what(), "the bands must be the sensor's", true});
    return report;
  }
}

}  // namespace

json examine_scene(const SceneFiles& scene, const SensorContract& contract) {
  const ContractReport report = examine(scene, contract);
  const RasterReader first(scene.paths.front(), scene.validity);
  json problems = json::array(), bands = json::array();
  bool fits = true;
  for (const ContractProblem& problem : report.problems) {
    fits = fits && !problem.fatal;
    problems.push_back(
        {{"band", problem.band}, {"found", problem.found}, {"fix", problem.fix}, {"fatal", problem.fatal}});
  }
  for (const BandSummary& band : report.bands) {
    bands.push_back({{"name", band.name},
                     {"raster_band", band.raster_band + 1},
                     {"samples", band.samples},
                     {"minimum", band.minimum},
                     {"percentile_2", band.low},
                     {"median", band.median},
                     {"percentile_98", band.high},
                     {"maximum", band.maximum}});
  }
  json result = {{"scene", scene.paths},
                 {"sensor", contract.name},
                 {"fits", fits},
                 {"problems", problems},
                 {"bands", bands},
                 {"width", first.width()},
                 {"height", first.height()},
                 {"pixels_examined", report.counts.pixels},
                 {"invalid_pixels", report.counts.invalid},
                 {"nan_pixels", report.counts.nan}};
  const auto gsd_m = ground_sample_distance_m(first.georeference(), first.width(), first.height());
  result["gsd_m"] = gsd_m ? json(*gsd_m) : json(nullptr);
  return result;
}

const SensorContract& best_contract(const SceneFiles& scene, const SensorContracts& contracts) {
  const SensorContract* best = nullptr;
  int64_t fewest = std::numeric_limits<int64_t>::max();
  for (const auto& contract : contracts) {
    if (!contract) continue;
    const ContractReport report = examine(scene, *contract);
    int64_t fatal = std::count_if(report.problems.begin(), report.problems.end(),
                                  [](const auto& problem) { return problem.fatal; });
    if (report.bands.empty() && fatal > 0)
      fatal = std::numeric_limits<int64_t>::max() - 1;  // not even its bands were found
    if (fatal < fewest) {
      fewest = fatal;
      best = &*contract;
    }
  }
  if (best == nullptr) throw DataError("the model's contract.json names no sensor");
  return *best;
}

}  // namespace skysense
