#pragma once

#include <filesystem>
#include <vector>

#include "core/sensor_contract.h"
#include "data/view_batch.h"
#include "pretrain/options.h"

namespace skysense::app {

/// What `skysense bench --mode pretrain` takes its steps on: noise that stands ready in memory, the same for the same
/// options.
struct PretrainCase {
  SensorContracts contracts;
  std::vector<ViewBatch> views;  ///< as Training::step takes them, labels included where image-text alignment is on
  torch::Tensor class_texts;     ///< [K, D], or undefined
};

/// A rank's share of `options.train.batch_size` places. Sets `options.views.label_cells` where alignment wants labels.
PretrainCase make_pretrain_case(PretrainOptions& options, const Ranks& ranks = alone());

/// Writes a case and `student`, the weights that the first step starts from, for other programs to take the same steps:
/// docs/formats.md has the names. Throws DataError for a file that cannot be written.
void save_pretrain_case(const std::filesystem::path& file, const PretrainCase& pretrain_case,
                        const PretrainOptions& options, const NamedTensors& student);

}  // namespace skysense::app
