#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Context.h>

#include <filesystem>

#include "core/files.h"
#include "detection/detection_product.h"
#include "engine/checkpoint_files.h"
#include "tests/infer/scene_files.h"

namespace skysense::testing {

/// A detector for nano_detector. Several sensors are fused; labels lie on HR's pixels, of which MS has a quarter along
/// a side.
struct NanoDetector {
  DetectorKind kind = DetectorKind::kFasterRcnn;
  std::vector<Modality> modalities = {Modality::kHr};
  Modality seen = Modality::kHr;  ///< whose stage maps it sees
};

/// A detector of random weights on the smallest preset, for sensors of two bands. Its folder has a file of weights to
/// be told apart by.
inline DetectionProduct nano_detector(const std::filesystem::path& folder, const NanoDetector& task) {
  at::Generator generator = at::globalContext().defaultGenerator(at::kCPU);
  generator.set_current_seed(11);
  DetectionProduct product;
  TaskProduct& parts = product.parts;
  parts.task.kind = TaskKind::kBoxes;
  parts.task.classes = {"ship", "plane", "tank"};
  parts.task.modalities = task.modalities;
  parts.task.output = task.modalities.front();
  parts.task.tile = 64;
  parts.task.oriented = task.kind == DetectorKind::kOrientedRcnn;
  PerModality<int64_t> channels{};
  for (const Modality modality : task.modalities) {
    parts.task.dates[modality] = modality == Modality::kHr ? 1 : 3;
    parts.task.pixels_per_output[modality] = modality == Modality::kHr ? 1 : 0.25;
    parts.contracts[modality] = small_contract(modality, 2);
    channels[modality] = 2;
  }
  parts.options.head = detector_name(task.kind);
  parts.options.modality = modality_name(task.seen);
  parts.options.fusion = task.modalities.size() > 1;
  parts.inference.batch = 2;
  parts.checkpoint = folder;
  product.detection.channels = 32;
  product.detection.roi_head.hidden = 64;
  product.detection.rpn.anchor_sizes = {8, 16, 32, 64, 128};
  product.detection.rpn.proposals_before = product.detection.rpn.proposals = 200;
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
