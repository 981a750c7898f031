#include "detection/detection_product.h"

#include <fmt/format.h>

#include <string>

#include "core/error.h"
#include "core/files.h"
#include "detection/detection_settings.h"
#include "engine/checkpoint_files.h"
#include "engine/product.h"
#include "engine/product_parts.h"
#include "engine/weights.h"
#include "heads/task_tensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

/// What does not fit is a damaged checkpoint.
DetectionModelOptions network_options(const DetectionProduct& product) {
  const TaskProduct& parts = product.parts;
  const fs::path config = parts.checkpoint / kConfigFile;
  try {
    auto options = detection_model_options(parts.options, product.detection, parts.task.modalities, parts.model,
                                           static_cast<int64_t>(parts.task.classes.size()));
    if ((options.detector == DetectorKind::kOrientedRcnn) != parts.task.oriented) {
      throw UsageError(
          fmt::format("task.head {} and {} differ on whether boxes are oriented", parts.options.head, kTaskFile));
    }
    options.frozen.clear();  // nothing of a product learns
    return options;
  } catch (const UsageError& error) {
    throw DataError(fmt::format("{}: {}", config.string(), error.what()));
  }
}

}  // namespace

DetectionProduct load_detection_product(const fs::path& path, const std::vector<std::string>& settings) {
  DetectionProduct product;
  product.parts = describe_task_product(path);
  TaskProduct& parts = product.parts;
  if (parts.task.kind != TaskKind::kBoxes) {
    throw DataError(fmt::format("{}: this model does not detect objects: its kind is {}", parts.checkpoint.string(),
                                task_kind_name(parts.task.kind)));
  }
  const fs::path config = parts.checkpoint / kConfigFile;
  read_config_group(config, read_text_file(config), "detection", product.detection);
  apply_detection_settings(product.detection, settings);
  product.network = DetectionModel(SkysenseModel(parts.model, channels_of(parts.contracts)), network_options(product));
  const fs::path weights = parts.checkpoint / kTeacherFile;
  load_tensors_into(
      weights, product_names(named_tensors(*product.network)),
      {.only_prefixes = {"tokenizers.", "backbone.", "backbones.", "fusion.", "neck.", "rpn.", "roi_head."}});
  parts.prototypes = read_prototypes(weights, parts.model.fusion_dim);
  product.network->eval();
  for (auto& parameter : product.network->parameters()) parameter.requires_grad_(false);
  return product;
}

}  // namespace skysense
