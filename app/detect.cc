#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/scene_flags.h"
#include "app/verbs.h"
#include "core/log.h"
#include "core/memory.h"
#include "detection/detection_product.h"
#include "engine/bfloat16.h"
#include "engine/device.h"
#include "infer/detect_scene.h"

namespace skysense::app {
namespace {

struct Arguments {
  SceneFlags scene;
  DetectFlags how;
  DetectionFiles output;
  std::string format;
};

void log_counts(const std::vector<std::string>& classes, const DetectionResult& result) {
  for (size_t i = 0; i < classes.size(); ++i) {
    if (result.objects[i] > 0) spdlog::info("  {:<28}{:>10}", classes[i], result.objects[i]);
  }
}

void run(Arguments arguments) {
  const auto started = std::chrono::steady_clock::now();
  arguments.output.format = object_format(arguments.output.path, arguments.format);
  arguments.scene.tune_memory(FreedBuffers::kKept);
  const DetectionProduct product = arguments.scene.load_detector(arguments.how.settings);
  warn_of_slow_bfloat16(device_of(*product.network), arguments.how.dtype());
  const DetectJob job(product.parts, arguments.how.options(arguments.scene, product.parts),
                      detector_finder(product, arguments.how.dtype()));
  const DetectionResult result = detect_scene(job, arguments.output);
  const auto& classes = product.parts.task.classes;
  log_counts(classes, result);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  nlohmann::json counts = nlohmann::json::array(), files = nlohmann::json::array();
  int64_t all = 0;
  for (size_t i = 0; i < classes.size(); ++i) {
    counts.push_back({{"class", i}, {"name", classes[i]}, {"objects", result.objects[i]}});
    all += result.objects[i];
  }
  for (const auto& file : result.files) files.push_back(file.string());
  const PixelWindow& area = job.scenes().area();
  print_result({{"output", arguments.output.path.string()},
                {"format", object_format_name(arguments.output.format)},
                {"objects", all},
                {"classes", counts},
                {"size", {area.width, area.height}},
                {"tiles", result.tiles},
                {"resumed_tiles", result.resumed_tiles},
                {"on_nodata", result.on_nodata},
                {"pixels", result.pixels.pixels},
                {"invalid_pixels", result.pixels.invalid},
                {"nan_pixels", result.pixels.nan},
                {"seconds", seconds},
                {"jobs", job.memory().jobs},
                {"network_seconds", result.network_seconds},
                {"pixels_per_second", static_cast<double>(area.pixels()) / seconds},
                {"peak_memory_bytes", peak_resident_bytes()},
                {"files", files}});
}

}  // namespace

void add_detect(CLI::App& program) {
  auto* verb = program.add_subcommand(
      "detect",
      "Find the objects of a scene of any size by a fine-tuned detector: polygons with class, score and size");
  const auto arguments = std::make_shared<Arguments>();
  arguments->scene.add_images(*verb);
  arguments->scene.add_reading(*verb);
  arguments->how.add_to(*verb);
  DetectionFiles& output = arguments->output;
  verb->add_option("-o,--output", output.path, "file to write: .gpkg, .geojson, .fgb, .txt (DOTA) or .json (COCO)")
      ->required();
  verb->add_option("--of", arguments->format,
                   "GPKG, GeoJSON, FlatGeobuf, DOTA or COCO, where the extension says another");
  verb->add_flag("--overwrite", output.overwrite, "replace outputs that exist");
  verb->add_flag("--pixel-corners", output.pixel_corners,
                 "also the columns x1, y1 to x4, y4: corners in the scene's pixels");
  verb->add_flag("--overlay", output.overlay, "also OUT_overlay.png: the scene, made smaller, with the boxes");
  verb->add_flag("--resume", output.resume, "go on with an interrupted run of the same output");
  verb->footer(
      "Lengths and widths are metres on the ground, headings degrees clockwise from true north (0 to 180). Beside OUT\n"
      "come OUT.qml (a style that QGIS finds) and OUT.json (a STAC item).\n"
      "Examples:\n"
      "  skysense detect --model RUN scene.tif -o objects.gpkg --max-memory 2G\n"
      "  skysense detect --model RUN scene.tif -o ships.geojson --classes ship,boat --score 0.5 --overlay\n"
      "  skysense detect --model RUN scene.tif -o objects.gpkg --tile 1024 --overlap 300\n"
      "  skysense detect --model RUN scene.tif -o objects.gpkg --resume");
  verb->callback([arguments] { run(*arguments); });
}

}  // namespace skysense::app
