#include "heads/task_product.h"

#include <ATen/ops/cat.h>
#include <ATen/ops/sigmoid.h>
#include <ATen/ops/softmax.h>
#include <fmt/format.h>

#include "core/error.h"
#include "core/files.h"
#include "engine/checkpoint_files.h"
#include "engine/product.h"
#include "engine/product_parts.h"
#include "engine/weights.h"
#include "heads/task_tensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

/// The options of the network and their agreement with the rest. What does not fit is a damaged checkpoint.
TaskModelOptions network_options(const TaskProduct& product) {
  const fs::path config = product.checkpoint / kConfigFile;
  try {
    product.model.check();
    auto options = task_model_options(product.options, product.task.modalities, product.model, product.task.logits());
    options.frozen.clear();  // nothing of a product learns
    return options;
  } catch (const UsageError& error) {
    throw DataError(fmt::format("{}: {}", config.string(), error.what()));
  }
}

}  // namespace

TaskProduct describe_task_product(const fs::path& path) {
  TaskProduct product;
  product.checkpoint = find_checkpoint(path);
  const fs::path config = product.checkpoint / kConfigFile, task = product.checkpoint / kTaskFile;
  if (!fs::exists(task)) {
    throw DataError(fmt::format("{}: holds no {}: this model was not fine-tuned; skysense finetune makes one that was",
                                product.checkpoint.string(), kTaskFile));
  }
  const StateFile state = read_state_file(product.checkpoint);
  for (const char* name : {kConfigFile, kContractFile, kTeacherFile, kTaskFile})
    check_file_size(product.checkpoint, state, name);
  product.step = state.run.step;
  product.task = parse_task_description(read_text_file(task), task.string());
  const std::string yaml = read_text_file(config);
  read_config_group(config, yaml, "model", product.model);
  read_config_group(config, yaml, "inference", product.inference);
  read_config_group(config, yaml, "task", product.options);
  product.contracts = read_contracts(product.checkpoint);
  for (const Modality modality : product.task.modalities) {
    if (!product.contracts[modality]) {
      throw DataError(fmt::format("{}: has no sensor for {}, which {} asks for",
                                  (product.checkpoint / kContractFile).string(), modality_name(modality), kTaskFile));
    }
  }
  if (product.task.kind != TaskKind::kBoxes) network_options(product);
  return product;
}

TaskProduct load_task_product(const fs::path& path) {
  TaskProduct product = describe_task_product(path);
  if (product.task.kind == TaskKind::kBoxes) {
    throw DataError(fmt::format("{}: this model detects objects: it gives boxes, neither classes of scenes nor maps",
                                path.string()));
  }
  product.network = TaskModel(SkysenseModel(product.model, channels_of(product.contracts)), network_options(product));
  const fs::path weights = product.checkpoint / kTeacherFile;
  load_tensors_into(
      weights, product_names(named_tensors(*product.network)),
      {.only_prefixes = {"tokenizers.", "backbone.", "backbones.", "fusion.", "head.", "auxiliary_head."}});
  product.prototypes = read_prototypes(weights, product.model.fusion_dim);
  product.network->eval();
  for (auto& parameter : product.network->parameters()) parameter.requires_grad_(false);
  return product;
}

int64_t fusion_cells(const TaskOptions& options, int64_t output_pixels) {
  return options.cell == 0 ? 0 : (output_pixels + options.cell - 1) / options.cell;
}

torch::Tensor probabilities(const torch::Tensor& logits, TaskLoss loss) {
  const auto values = logits.to(at::kFloat);
  if (loss == TaskLoss::kCrossEntropy) return at::softmax(values, 1);
  const auto yes = at::sigmoid(values);
  return loss == TaskLoss::kBinaryCrossEntropy ? at::cat({1 - yes, yes}, 1) : yes;
}

}  // namespace skysense
