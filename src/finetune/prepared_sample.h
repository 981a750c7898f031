#pragma once

#include <torch/types.h>

#include <cstdint>
#include <limits>
#include <optional>
#include <vector>

#include "core/random.h"
#include "detection/object_targets.h"
#include "finetune/task_setup.h"

namespace skysense {

/// The images of one modality and time as a network takes them.
struct PreparedSeries {
  torch::Tensor images;       ///< [T, C, H, W] normalised, 0 where invalid
  torch::Tensor valid;        ///< [T, H, W] bool
  torch::Tensor day_of_year;  ///< [T] int64, 0 undated
};

/// A labelled sample for one call of a task's network.
struct PreparedSample {
  std::vector<PerModality<std::optional<PreparedSeries>>> times;  ///< one, or of change the earlier and the later
  /// One for each of the network's outputs: [], [K], [H, W] int64 (-1 ignored), or float32 [K] after mixup; empty where
  /// the sample has none.
  std::vector<torch::Tensor> labels;
  std::optional<ObjectTargets> objects{};                           ///< of boxes, in pixels of the labels
  int64_t height = 0, width = 0;                                    ///< of the label's grid, in its pixels
  double longitude_deg = std::numeric_limits<double>::quiet_NaN();  ///< of its middle; NaN where unknown
  double latitude_deg = std::numeric_limits<double>::quiet_NaN();
};

/// How many network calls a sample stands for: 1, and of a series of masks one a mask, or one for each two that follow
/// each other. The sample is whole or without its images.
int64_t moments_of(const LabelledSample& sample, const TaskSetup& setup);

/// Which of `available` images a network gets that takes at most `limit`: all where they are no more; else one of each
/// of `limit` equal runs of them, drawn with a stream (training), its middle without (evaluation).
std::vector<int64_t> choose_dates(int64_t available, int64_t limit, RandomStream* stream);

/// What the network gets of a sample: the images of the moment's times (of two images the first and the second; of more
/// those nearest in time to each label), at most the task's number of dates, normalised. Throws DataError naming the
/// sample where a time has no image of any modality, or times cannot be told apart.
PreparedSample prepare_sample(const LabelledSample& sample, const TaskSetup& setup, int64_t moment,
                              RandomStream* stream);

}  // namespace skysense
