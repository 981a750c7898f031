#pragma once

#include <ATen/Context.h>

#include <filesystem>
#include <string>

#include "engine/checkpoint_files.h"
#include "engine/weights.h"
#include "heads/task_product.h"
#include "tests/infer/scene_files.h"

namespace skysense::testing {

/// A task for nano_task.
struct NanoTask {
  std::vector<Modality> modalities = {Modality::kMs};
  Modality output = Modality::kMs;
  TaskKind kind = TaskKind::kMap;
  std::string head = "upernet";
  TaskLoss loss = TaskLoss::kCrossEntropy;
  int64_t tile = 16, dates = 1;
  PerModality<double> pixels_per_output = {{{4, 1, 1}}};
};

/// A network of the smallest preset with a small head, of random weights, for two-band sensors. Its weights lie in
/// `folder`.
inline TaskProduct nano_task(const std::filesystem::path& folder, const NanoTask& task) {
  at::Generator generator = at::globalContext().defaultGenerator(at::kCPU);
  generator.set_current_seed(7);
  TaskProduct product;
  product.task.kind = task.kind;
  product.task.loss = task.loss;
  const bool binary = task.kind == TaskKind::kChange;
  product.task.classes = binary ? std::vector<std::string>{"unchanged", "changed"}
                                : std::vector<std::string>{"water", "forest", "field", "town"};
  product.task.modalities = task.modalities;
  product.task.output = task.output;
  product.task.tile = task.tile;
  for (const Modality modality : task.modalities) {
    product.contracts[modality] = small_contract(modality, 2);
    product.task.dates[modality] = task.dates;
    product.task.pixels_per_output[modality] = task.pixels_per_output[modality];
  }
  product.options.head = task.head;
  product.options.fusion = task.modalities.size() > 1 || task.dates > 1;
  product.options.channels = 16;
  product.options.auxiliary = false;
  product.inference.tile = 16;
  product.inference.overlap = 4;
  product.inference.batch = 4;
  PerModality<int64_t> channels{};
  for (const Modality modality : task.modalities) channels[modality] = 2;
  product.network =
      TaskModel(SkysenseModel(product.model, channels),
                task_model_options(product.options, task.modalities, product.model, product.task.logits()));
  product.network->eval();
  product.checkpoint = folder;
  save_module(folder / kTeacherFile, *product.network);
  return product;
}

}  // namespace skysense::testing
