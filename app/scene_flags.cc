#include "app/scene_flags.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <limits>

#include "engine/device.h"
#include "infer/memory_budget.h"

namespace skysense::app {
namespace {

constexpr int64_t kJobsOfGpu = 4;  // batches at once that keep it busy; each takes memory of it

}  // namespace

void SceneFlags::add_images(CLI::App& verb) {
  verb.add_option("SCENE", scene.scene, "one raster; its sensor is --sensor's, or the model's whose bands it has");
  verb.add_option("--hr", scene.images[Modality::kHr], "very-high-resolution rasters, PATH or PATH@DATE");
  verb.add_option("--ms", scene.images[Modality::kMs], "multispectral rasters, PATH@DATE …");
  verb.add_option("--sar", scene.images[Modality::kSar], "radar rasters, PATH@DATE …");
}

void SceneFlags::add_reading(CLI::App& verb) {
  verb.add_option("--model", model, "checkpoint or run folder")->required();
  verb.add_option("--sensor", scene.sensors,
                  "built-in contract that the files follow, where it is not the model's own; may be repeated")
      ->allow_extra_args(false);
  verb.add_option("--bands", bands, "which band of the file is which: B04=3,B03=2,… (from 1)");
  verb.add_option("--mask", scene.masks,
                  "validity layer (mask, SCL, QA_PIXEL), PATH for all images or PATH@DATE; may be repeated")
      ->allow_extra_args(false);
  verb.add_option("--mask-values", mask_values,
                  "values of the mask that mean valid; without it any but 0, or SCL's and QA_PIXEL's clear ones")
      ->delimiter(',');
  verb.add_option("--bbox", bbox, "only this box: xmin ymin xmax ymax in the scene's CRS")->expected(4);
  verb.add_option("--max-memory", max_memory, "ceiling of the memory used, such as 2G");
  verb.add_option("--threads", threads, "batches of tiles computed at once, each by one CPU thread; 0: all cores")
      ->check(CLI::Range(0, 1024));
  verb.add_option("--device", device, "of the network: cpu, cuda, cuda:N, or auto, a GPU where there is one")
      ->capture_default_str();
}

SceneRequest SceneFlags::request(const SensorContracts& wanted) const {
  SceneRequest request = resolve_scene(scene, wanted, bands);
  request.reading.mask_values = mask_values;
  return request;
}

std::optional<MapBox> SceneFlags::box() const {
  if (bbox.empty()) return std::nullopt;
  return MapBox{bbox[0], bbox[1], bbox[2], bbox[3]};
}

Product SceneFlags::load_embedder() const {
  const torch::Device place = parse_device(device);  // first: what is not there is told at once
  Product product = load_product(model);
  product.model->to(place);
  return product;
}

TaskProduct SceneFlags::load_task() const {
  const torch::Device place = parse_device(device);
  TaskProduct product = load_task_product(model);
  product.network->to(place);
  return product;
}

DetectionProduct SceneFlags::load_detector(const std::vector<std::string>& settings) const {
  const torch::Device place = parse_device(device);
  DetectionProduct product = load_detection_product(model, settings);
  product.network->to(place);
  return product;
}

int64_t SceneFlags::batches_at_once() const {
  const int64_t most = parse_device(device).is_cpu() ? std::numeric_limits<int64_t>::max() : kJobsOfGpu;
  return threads > 0 ? threads : std::min<int64_t>(at::get_num_threads(), most);
}

void SceneFlags::tune_memory(FreedBuffers unlimited) const {
  tune_allocator(max_memory.empty() ? unlimited : FreedBuffers::kReturned);
  limit_heaps(batches_at_once());
}

int64_t SceneFlags::jobs() const {
  const int64_t jobs = batches_at_once();
  set_threads(1);
  return jobs;
}

int64_t SceneFlags::memory_limit() const { return max_memory.empty() ? 0 : parse_bytes(max_memory); }

void add_output_flags(CLI::App& verb, OutputOptions& output, const std::string& what) {
  verb.add_option("-o,--output", output.path, what)->required();
  verb.add_flag("--overwrite", output.overwrite, "replace outputs that exist");
  verb.add_option("--co", output.creation_options,
                  "creation option of the output's driver, NAME=VALUE; may be repeated")
      ->allow_extra_args(false);
  verb.add_option("--of", output.format, "output format: COG, GTiff")->capture_default_str();
}

void PredictFlags::add_to(CLI::App& verb) {
  verb.add_option("--window", window, "how overlapping tiles are weighed: trapezoid or hann")
      ->check(CLI::IsMember({"trapezoid", "hann"}))
      ->capture_default_str();
  verb.add_option("--tta", augmentation,
                  "mean over every tile seen from several sides: none, flips (4) or dihedral (8)")
      ->check(CLI::IsMember({"none", "flips", "dihedral"}))
      ->capture_default_str();
  verb.add_option("--precision", precision, "of the network: float32, or bfloat16, faster where the processor has it")
      ->check(CLI::IsMember({"float32", "bfloat16"}))
      ->capture_default_str();
  verb.add_option("--tile", tile, "side of a tile in output pixels in place of the model's: gives other values")
      ->check(CLI::Range(8, 16384));
  verb.add_option("--overlap", overlap, "output pixels that neighbouring tiles share in place of an eighth of a tile")
      ->check(CLI::Range(0, 8192));
}

void DetectFlags::add_to(CLI::App& verb) {
  verb.add_option("--score", score,
                  "objects that score less are left out, beside those below the model's own threshold")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  verb.add_option("--classes", classes, "only these, by name: ship,boat")->delimiter(',');
  verb.add_option("--tile", tile, "side of a tile in the scene's pixels in place of the model's")
      ->check(CLI::Range(8, 16384));
  verb.add_option("--overlap", overlap,
                  "pixels that neighbouring tiles share in place of a quarter of a tile; at least the largest object's")
      ->check(CLI::Range(0, 8192));
  verb.add_option("--precision", precision, "of the network: float32, or bfloat16, faster where the processor has it")
      ->check(CLI::IsMember({"float32", "bfloat16"}))
      ->capture_default_str();
  verb.add_option("--set", settings, "KEY=VALUE, over the model's config: detection.nms_iou=0.3; may be repeated")
      ->allow_extra_args(false);
}

DetectOptions DetectFlags::options(const SceneFlags& flags, const TaskProduct& product) const {
  DetectOptions options{.scene = flags.request(product.contracts)};
  options.bbox = flags.box();
  options.max_memory = flags.memory_limit();
  options.jobs = flags.jobs();
  options.tile = tile;
  options.overlap = overlap;
  options.score = score;
  options.classes = classes;
  options.settings = settings;
  options.precision = precision;
  options.tags["SKYSENSE_VERSION"] = SKYSENSE_VERSION;
  return options;
}

PredictOptions PredictFlags::options(const SceneFlags& flags) const {
  PredictOptions options;
  options.bbox = flags.box();
  options.max_memory = flags.memory_limit();
  options.jobs = flags.jobs();
  options.tile = tile;
  options.overlap = overlap;
  options.window = parse_blend_window(window);
  options.augmentation = parse_augmentation(augmentation);
  options.dtype = precision == "bfloat16" ? c10::kBFloat16 : c10::kFloat;
  options.tags["SKYSENSE_VERSION"] = SKYSENSE_VERSION;
  return options;
}

}  // namespace skysense::app
