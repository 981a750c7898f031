#include "infer/embed_job.h"

#include <fmt/format.h>

#include "core/fingerprint.h"
#include "core/memory.h"
#include "engine/device.h"
#include "infer/pca_colours.h"
#include "infer/product_extractor.h"

namespace skysense {
namespace {

SceneRunOptions run_options(const Product& product, const EmbedOptions& options, const Scene& scene) {
  SceneRunOptions run{.verb = "embed",
                      .tiling = model_tiling(product.inference, scene.reference(),
                                             scene.pixels_per_cell()[scene.reference()], options.batch),
                      .area = scene.area(options.bbox),
                      .needs = {},
                      .max_memory = options.max_memory};
  PerModality<int64_t> dates{};
  for (const Modality modality : kModalities) dates[modality] = static_cast<int64_t>(scene.rasters()[modality].size());
  run.needs.region = region_bytes(scene, run.tiling);
  run.needs.resident = resident_bytes();
  run.needs.jobs = options.jobs;
  run.needs.workspace = workspace_bytes(product.options, run.tiling, scene.pixels_per_cell(), dates);
  run.needs.cell = product.options.fusion_dim * static_cast<int64_t>(sizeof(float));
  run.needs.group_result = run.tiling.group_height() * run.tiling.group_width() * run.needs.cell;
  run.needs.sample = kPreviewSampleCells * run.needs.cell;
  return run;
}

}  // namespace

EmbedJob::EmbedJob(const Product& product, const EmbedOptions& options)
    : product_(product), options_(options), scene_(options.scene), run_(run_options(product, options, scene_)) {}

int64_t EmbedJob::width() const { return product_.options.fusion_dim; }

FeatureRunCounts EmbedJob::run(const std::vector<CellWindow>& windows, bool count_pixels,
                               const std::function<void(const WindowFeatures&)>& sink) {
  return run_.run(windows, scene_, ProductExtractor(product_, scene_.grid()), count_pixels ? area() : CellWindow{},
                  sink);
}

std::map<std::string, std::string> EmbedJob::provenance() const {
  std::map<std::string, std::string> tags = options_.tags;
  tags["SKYSENSE_PRODUCT"] = "features";
  tags["SKYSENSE_MODEL"] = fingerprint(product_.checkpoint / "teacher.safetensors");
  tags["SKYSENSE_MODEL_STEP"] = std::to_string(product_.step);
  tags["SKYSENSE_SCENE"] = scene_.summary();
  tags["SKYSENSE_TILING"] = tiling().text();
  tags["SKYSENSE_DEVICE"] = device_kind(device_of(*product_.model));
  return tags;
}

}  // namespace skysense
