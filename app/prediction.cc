#include "app/prediction.h"

#include <chrono>
#include <nlohmann/json.hpp>

#include "app/verbs.h"
#include "core/log.h"
#include "core/memory.h"
#include "engine/bfloat16.h"
#include "engine/device.h"

namespace skysense::app {
namespace {

using Json = nlohmann::json;

Json areas_json(const PredictionResult& result) {
  Json classes = Json::array();
  for (size_t i = 0; i < result.areas.pixels.size(); ++i) {
    classes.push_back({{"class", i}, {"name", result.class_names[i]}, {"pixels", result.areas.pixels[i]}});
    if (!result.areas.hectares.empty()) classes.back()["hectares"] = result.areas.hectares[i];
  }
  return classes;
}

void log_areas(const PredictionResult& result) {
  for (size_t i = 0; i < result.areas.pixels.size(); ++i) {
    const double share = static_cast<double>(result.areas.pixels[i]) / static_cast<double>(result.valid_pixels);
    if (result.areas.hectares.empty()) {
      spdlog::info("  {:<28}{:>12} pixels {:>6.1f}%", result.class_names[i], result.areas.pixels[i], 100 * share);
    } else {
      spdlog::info("  {:<28}{:>14.2f} ha {:>6.1f}%", result.class_names[i], result.areas.hectares[i], 100 * share);
    }
  }
}

}  // namespace

void LayerFlags::add_to(CLI::App& verb) {
  verb.add_flag("--probabilities", layers.probabilities, "also OUT_probabilities.tif, a band a class");
  verb.add_flag("--entropy", layers.entropy, "also OUT_entropy.tif: 0 certain, 1 all classes alike");
  verb.add_flag("--provenance", layers.provenance,
                "also OUT_provenance.tif: how many images of each sensor are valid in a pixel");
  verb.add_flag("--dates", layers.dates,
                "also OUT_dates.tif: a band for each image, by sensor and date, 1 where it is valid and 0 elsewhere");
  verb.add_option("--dtype", dtype,
                  "of probabilities and entropy: uint8 (value * 0.004), or float16, which GDAL reads as Float32")
      ->check(CLI::IsMember({"uint8", "float16"}))
      ->capture_default_str();
}

LayerOptions LayerFlags::options() const {
  LayerOptions options = layers;
  options.half = dtype == "float16";
  return options;
}

void PredictionFlags::add_to(CLI::App& verb) {
  how.add_to(verb);
  add_output_flags(verb, output.map, "class map to write");
  layers.add_to(verb);
  verb.add_flag("--polygons", output.polygons, "also OUT_polygons.gpkg, a polygon for each patch of one class");
  verb.add_flag("--summary", output.summary, "area of each class in hectares");
  verb.add_flag("--resume", output.resume, "go on with an interrupted run of the same output");
}

void run_prediction(const SceneFlags& scene, const PredictionFlags& flags,
                    const std::function<std::vector<SceneRequest>(const TaskProduct&)>& times) {
  const auto started = std::chrono::steady_clock::now();
  scene.tune_memory(FreedBuffers::kKept);
  const TaskProduct product = scene.load_task();
  PredictOptions options = flags.how.options(scene);
  warn_of_slow_bfloat16(device_of(*product.network), options.dtype);
  options.times = times(product);
  PredictionOutput output = flags.output;
  output.layers = flags.layers.options();
  const PredictJob job(product, options);
  const PredictionResult result = predict_scene(job, output);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  Json json = {{"output", output.map.path.string()},
               {"size", {result.width, result.height}},
               {"valid_pixels", result.valid_pixels},
               {"tiles", result.tiles},
               {"resumed_pixels", result.resumed_pixels},
               {"pixels", result.pixels.pixels},
               {"invalid_pixels", result.pixels.invalid},
               {"nan_pixels", result.pixels.nan},
               {"seconds", seconds},
               {"jobs", job.run().memory().jobs},
               {"network_seconds", result.network_seconds},
               {"pixels_per_second", static_cast<double>(result.width * result.height) / seconds},
               {"peak_memory_bytes", peak_resident_bytes()}};
  json["files"] = Json::array();
  for (const auto& file : result.files) json["files"].push_back(file.string());
  if (output.polygons) json["polygons"] = result.polygons;
  if (output.summary) {
    log_areas(result);
    json["classes"] = areas_json(result);
  }
  print_result(json);
}

}  // namespace skysense::app
