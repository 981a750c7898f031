#pragma once

#include <torch/types.h>

#include <memory>
#include <vector>

#include "data/view_batch.h"
#include "engine/adamw.h"
#include "engine/checkpoint.h"
#include "engine/gradient_average.h"
#include "engine/product.h"
#include "engine/ranks.h"
#include "pretrain/learner.h"
#include "pretrain/loss_report.h"
#include "pretrain/objective.h"
#include "pretrain/options.h"

namespace skysense {

/// What one optimiser step found, over all ranks.
struct StepOutcome {
  double loss = 0;
  double gradient_norm = 0;  ///< before clipping
  bool kept = true;          ///< false: loss or norm was not finite, and nothing changed
  StepReport report;
};

/// Both branches, the losses' state and the optimiser: everything that a checkpoint holds, and the step that moves it
/// (paper sec. 3.2 and App. C).
class Training {
 public:
  /// `class_texts` [K, D] as in Objective. `ranks` outlives this.
  Training(const PretrainOptions& options, const SensorContracts& contracts, const torch::Tensor& class_texts,
           const Ranks& ranks, torch::Device device);

  /// Step `number`, from 0, on this rank's share of the batch. Throws DataError for a batch without any valid image.
  StepOutcome step(const std::vector<ViewBatch>& views, int64_t number);

  /// The teacher as every `--model` takes it, sharing storage with this; `checkpoint` stays empty.
  Product product(const SensorContracts& contracts, int64_t step);

  /// Shares storage with this: reading a checkpoint fills it.
  RunTensors tensors() const;
  /// Norms of the centres, and the share of tokens that each expert got in this rank's last batch.
  LogValues health() const;

 private:
  void fit_heads(const std::vector<ViewBatch>& views);
  RowKeys sample_keys(int64_t number, int64_t micro) const;

  const PretrainOptions options_;
  const Ranks& ranks_;
  const torch::Device device_;
  const torch::Dtype dtype_;
  const int64_t micro_size_;  ///< places of a micro-batch on this rank
  Learner student_, teacher_;
  Objective objective_;
  std::unique_ptr<GradientAverage> average_;
  std::unique_ptr<AdamW> optimizer_;
};

}  // namespace skysense
