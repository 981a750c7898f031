#include <chrono>
#include <memory>
#include <nlohmann/json.hpp>

#include "app/scene_flags.h"
#include "app/verbs.h"
#include "core/error.h"
#include "core/memory.h"
#include "engine/product.h"
#include "infer/embed_points.h"
#include "infer/embed_scene.h"

namespace skysense::app {
namespace {

struct Arguments {
  SceneFlags scene;
  std::string dtype = "float32";
  double grid = 0;
  int64_t batch = 0;
  OutputOptions output;
  PointOptions points;
};

EmbedOptions embed_options(const Arguments& arguments, const Product& product) {
  EmbedOptions options;
  options.scene = arguments.scene.request(product.contracts);
  options.scene.grid = arguments.grid;
  options.bbox = arguments.scene.box();
  options.max_memory = arguments.scene.memory_limit();
  options.jobs = arguments.scene.jobs();
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
  arguments.scene.tune_memory(FreedBuffers::kReturned);
  arguments.output.half = arguments.dtype == "float16";
  if (arguments.points.nearest > 0 && arguments.points.shapes.empty()) throw UsageError("--nearest goes with --at");
  const Product product = arguments.scene.load_embedder();
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
  a.scene.add_images(*verb);
  a.scene.add_reading(*verb);
  add_output_flags(*verb, a.output, "raster to write; with --at a GeoPackage or CSV");
  verb->add_option("--grid", a.grid,
                   "side of an output cell in the CRS's units; without it 32 HR pixels, or one MS or SAR pixel")
      ->check(CLI::PositiveNumber);
  verb->add_option("--batch", a.batch, "tiles that run together, in place of the model's number")
      ->check(CLI::Range(1, 1024));
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
