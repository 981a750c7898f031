#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/verbs.h"
#include "core/error.h"
#include "core/memory.h"
#include "engine/device.h"
#include "engine/product.h"
#include "infer/embed_points.h"
#include "infer/embed_scene.h"
#include "infer/scene_arguments.h"

namespace skysense::app {
namespace {

struct Arguments {
  SceneArguments scene;
  std::string model, bands, max_memory, dtype = "float32";
  std::vector<int64_t> mask_values;
  std::vector<double> bbox;
  double grid = 0;
  int64_t batch = 0, threads = 0;
  OutputOptions output;
  PointOptions points;
};

EmbedOptions embed_options(const Arguments& arguments, const Product& product) {
  EmbedOptions options;
  options.scene = resolve_scene(arguments.scene, product.contracts, arguments.bands);
  options.scene.reading.mask_values = arguments.mask_values;
  options.scene.grid = arguments.grid;
  if (!arguments.bbox.empty())
    options.bbox = MapBox{arguments.bbox[0], arguments.bbox[1], arguments.bbox[2], arguments.bbox[3]};
  if (!arguments.max_memory.empty()) options.max_memory = parse_bytes(arguments.max_memory);
  options.batch = arguments.batch;
  options.tags["SKYSENSE_VERSION"] = SKYSENSE_VERSION;
  return options;
}

nlohmann::json embed_map(EmbedJob& job, const OutputOptions& output) {
  const EmbedResult result = embed_scene(job, output);
  return {
      {"size", {result.width, result.height}}, {"features", result.features},
      {"cells", result.valid_cells},           {"tiles", result.tiles},
      {"pixels", result.pixels.pixels},        {"invalid_pixels", result.pixels.invalid},
      {"nan_pixels", result.pixels.nan},       {"preview", {result.preview_png.string(), result.preview_tif.string()}}};
}

nlohmann::json embed_shapes(EmbedJob& job, const PointOptions& points, const OutputOptions& output) {
  const PointResult result = embed_points(job, points, output);
  return {{"features", result.features}, {"shapes", result.shapes}, {"found", result.found}, {"tiles", result.tiles}};
}

void run(Arguments arguments) {
  const auto started = std::chrono::steady_clock::now();
  tune_allocator(FreedBuffers::kReturned);
  set_threads(arguments.threads);
  arguments.output.half = arguments.dtype == "float16";
  if (arguments.points.nearest > 0 && arguments.points.shapes.empty()) throw UsageError("--nearest goes with --at");
  const Product product = load_product(arguments.model);
  EmbedJob job(product, embed_options(arguments, product));
  nlohmann::json result = arguments.points.shapes.empty() ? embed_map(job, arguments.output)
                                                          : embed_shapes(job, arguments.points, arguments.output);
  const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started).count();
  result["output"] = arguments.output.path.string();
  result["seconds"] = seconds;
  if (result.contains("pixels")) result["pixels_per_second"] = result["pixels"].get<double>() / seconds;
  result["peak_memory_bytes"] = peak_resident_bytes();
  print_result(result);
}

}  // namespace

void add_embed(CLI::App& program) {
  auto* verb = program.add_subcommand(
      "embed", "Turn a scene of any size into a georeferenced map of features, or into one vector a point");
  const auto arguments = std::make_shared<Arguments>();
  Arguments& a = *arguments;
  verb->add_option("SCENE", a.scene.scene, "one raster; its sensor is --sensor's, or the model's whose bands it has");
  verb->add_option("--hr", a.scene.images[Modality::kHr], "very-high-resolution rasters, PATH or PATH@DATE");
  verb->add_option("--ms", a.scene.images[Modality::kMs], "multispectral rasters, PATH@DATE …");
  verb->add_option("--sar", a.scene.images[Modality::kSar], "radar rasters, PATH@DATE …");
  verb->add_option("--model", a.model, "checkpoint or run folder")->required();
  verb->add_option("-o,--output", a.output.path, "raster to write; with --at a GeoPackage or CSV")->required();
  verb->add_option("--sensor", a.scene.sensors,
                   "built-in contract that the files follow, where it is not the model's own; may be repeated")
      ->allow_extra_args(false);
  verb->add_option("--bands", a.bands, "which band of the file is which: B04=3,B03=2,… (from 1)");
  verb->add_option("--mask", a.scene.masks,
                   "validity layer (mask, SCL, QA_PIXEL), PATH for all images or PATH@DATE; may be repeated")
      ->allow_extra_args(false);
  verb->add_option("--mask-values", a.mask_values,
                   "values of the mask that mean valid; without it any but 0, or SCL's and QA_PIXEL's clear ones")
      ->delimiter(',');
  verb->add_option("--bbox", a.bbox, "only this box: xmin ymin xmax ymax in the scene's CRS")->expected(4);
  verb->add_option("--grid", a.grid,
                   "side of an output cell in the CRS's units; without it 32 HR pixels, or one MS or SAR pixel")
      ->check(CLI::PositiveNumber);
  verb->add_option("--max-memory", a.max_memory, "ceiling of the memory used, such as 2G");
  verb->add_option("--batch", a.batch, "tiles that run together, in place of the model's number")
      ->check(CLI::Range(1, 1024));
  verb->add_option("--threads", a.threads, "CPU threads; 0: all cores")->check(CLI::Range(0, 1024));
  verb->add_flag("--overwrite", a.output.overwrite, "replace outputs that exist");
  verb->add_option("--co", a.output.creation_options,
                   "creation option of the output's driver, NAME=VALUE; may be repeated")
      ->allow_extra_args(false);
  verb->add_option("--of", a.output.format, "output format: COG, GTiff")->capture_default_str();
  verb->add_option("--dtype", a.dtype,
                   "precision of the features; float16 is stored in 32-bit bands that compress to about half")
      ->check(CLI::IsMember({"float32", "float16"}))
      ->capture_default_str();
  verb->add_option("--at", a.points.shapes,
                   "points or polygons (GeoPackage, GeoJSON, CSV): one vector each instead of a map");
  verb->add_option("--nearest", a.points.nearest, "with --at: name the K most similar others of each")
      ->check(CLI::PositiveNumber);
  verb->footer(
      "Examples:\n"
      "  skysense embed --model RUN/model scene.tif -o features.tif --max-memory 2G\n"
      "  skysense embed --model RUN/model --hr aerial.tif --ms s2_a.tif@2024-05-01 s2_b.tif@2024-07-12 -o "
      "features.tif\n"
      "  skysense embed --model RUN/model scene.tif --at plots.gpkg --nearest 5 -o vectors.gpkg");
  verb->callback([arguments] { run(*arguments); });
}

}  // namespace skysense::app
