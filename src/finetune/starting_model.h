#pragma once

#include <optional>
#include <string>

#include "engine/inference_options.h"
#include "engine/product.h"
#include "finetune/options.h"
#include "model/geo_prototypes.h"
#include "model/skysense_model.h"

namespace skysense {

/// What fine-tuning starts from, before its tokenizers meet a data set's bands.
struct PretrainedModel {
  std::optional<Product> product;  ///< nothing: weights are drawn
  ModelOptions options;            ///< sizes; drop path off
  InferenceOptions inference;

  const SensorContracts* contracts() const { return product ? &product->contracts : nullptr; }
};

/// A checkpoint or run folder (load_product), or "random:PRESET". Throws UsageError for an unknown preset, DataError as
/// load_product does.
PretrainedModel open_pretrained(const std::string& source);

/// The network's pre-trained part: of a checkpoint its weights, tokenizers adapted to the bands of `contracts`
/// (adapt_bands) and modalities that the task has not left out; of each block with experts one where
/// options.task.moe is single-expert (drawn by the seed); else weights drawn by the seed. Drop path is
/// options.train's. The result's options() are the sizes to save.
SkysenseModel make_starting_model(const PretrainedModel& pretrained, const SensorContracts& contracts,
                                  const FinetuneOptions& options);

}  // namespace skysense
