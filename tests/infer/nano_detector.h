#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

#include <filesystem>

#include "core/files.h"
#include "detection/detection_product.h"
#include "engine/checkpoint_files.h"
#include "tests/infer/scene_files.h"

namespace skysense::testing {

/// A detector of random weights on the smallest preset, for a sensor of two bands. Its folder has a file of weights to
/// be told apart by.
inline DetectionProduct nano_detector(const std::filesystem::path& folder, DetectorKind kind, int64_t tile = 64) {
  at::Generator generator = at::globalContext().defaultGenerator(at::kCPU);
  generator.set_current_seed(11);
  DetectionProduct product;
  TaskProduct& parts = product.parts;
  parts.task.kind = TaskKind::kBoxes;
  parts.task.classes = {"ship", "plane", "tank"};
  parts.task.modalities = {Modality::kHr};
  parts.task.tile = tile;
  parts.task.oriented = kind == DetectorKind::kOrientedRcnn;
  parts.task.pixels_per_output = {{{1, 0, 0}}};
  parts.contracts[Modality::kHr] = small_contract(Modality::kHr, 2);
  parts.options.head = detector_name(kind);
  parts.inference.batch = 2;
  parts.checkpoint = folder;
  product.detection.channels = 32;
  product.detection.roi_head.hidden = 64;
  product.detection.rpn.anchor_sizes = {8, 16, 32, 64, 128};
  product.detection.rpn.proposals_before = product.detection.rpn.proposals = 200;
  PerModality<int64_t> channels{};
  channels[Modality::kHr] = 2;
  product.network =
      DetectionModel(SkysenseModel(parts.model, channels),
                     detection_model_options(parts.options, product.detection, parts.task.modalities, parts.model,
                                             static_cast<int64_t>(parts.task.classes.size())));
  product.network->initialise_heads(at::make_generator<at::CPUGeneratorImpl>(uint64_t{5}));
  product.network->eval();
  for (auto& parameter : product.network->parameters()) parameter.requires_grad_(false);
  write_file_atomically(folder / kTeacherFile, "random");
  return product;
}

}  // namespace skysense::testing
