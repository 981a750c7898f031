#include <memory>
#include <nlohmann/json.hpp>

#include "app/verbs.h"
#include "core/error.h"
#include "core/log.h"
#include "ingest/scene_check.h"
#include "ingest/validity_layer.h"

namespace skysense::app {
namespace {

struct DoctorOptions {
  SceneFiles scene;
  std::string model, sensor;
  double nodata = 0;
};

void examine(DoctorOptions& options, bool nodata_given) {
  if (options.model.empty() == options.sensor.empty()) throw UsageError("doctor: give either --model or --sensor");
  if (nodata_given) options.scene.validity.nodata = options.nodata;
  options.scene.validity.valid_values = layer_valid_values(options.scene.validity.layer);
  SensorContract contract;
  if (!options.sensor.empty()) {
    contract = builtin_contract(options.sensor);
  } else {
    contract = best_contract(options.scene, read_contracts(options.model));
  }
  const nlohmann::json result = examine_scene(options.scene, contract);
  for (const auto& problem : result.at("problems")) {
    const std::string band = problem.at("band").get<std::string>();
    const std::string line = (band.empty() ? "" : "band " + band + ": ") + problem.at("found").get<std::string>() +
                             "; " + problem.at("fix").get<std::string>();
    problem.at("fatal").get<bool>() ? spdlog::error("{}", line) : spdlog::warn("{}", line);
  }
  if (result.at("fits").get<bool>()) spdlog::info("fits sensor {}", contract.name);
  print_result(result);
}

}  // namespace

void add_doctor(CLI::App& program) {
  auto* verb = program.add_subcommand("doctor", "Check a scene against a sensor contract and say what to fix");
  const auto options = std::make_shared<DoctorOptions>();
  verb->add_option("SCENE", options->scene.paths, "a raster, or one file a band in the contract's order")->required();
  verb->add_option("--model", options->model, "checkpoint or run folder whose contract is to be met");
  verb->add_option("--sensor", options->sensor, "built-in sensor contract, e.g. sentinel2-l2a");
  verb->add_option("--bands", options->scene.bands,
                   "bands by number from 1, e.g. B04=3,B03=2 (default: by name or order)");
  verb->add_option("--mask", options->scene.validity.layer, "mask, SCL or QA raster of valid pixels");
  auto* nodata =
      verb->add_option("--nodata", options->nodata, "stored value that means no data, in place of the file's");
  verb->footer("Example: skysense doctor scene.tif --sensor sentinel2-l2a");
  verb->callback([options, nodata] { examine(*options, nodata->count() > 0); });
}

}  // namespace skysense::app
