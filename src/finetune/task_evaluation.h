#pragma once

#include <torch/types.h>

#include <cstdint>
#include <functional>
#include <vector>

#include "datasets/labelled_dataset.h"
#include "finetune/frame.h"
#include "finetune/options.h"
#include "finetune/task_network.h"
#include "finetune/task_scores.h"
#include "finetune/task_setup.h"
#include "model/geo_prototypes.h"

namespace skysense {

/// What is evaluated, and how. What it refers to outlives the call.
struct TaskEvaluation {
  const LabelledDataset& dataset;
  std::vector<int64_t> samples;  ///< by number; each has a label
  const TaskSetup& setup;
  const TaskOptions& options;
  const FrameOptions& frame;  ///< of scenes what is seen; of maps and boxes the side of a tile
  const TaskEvaluationOptions& eval;
  const GeoPrototypes* prototypes = nullptr;
  torch::Device device = torch::kCPU;
  torch::Dtype dtype = torch::kFloat32;
  int64_t readers = 2;  ///< threads that read
};

/// A tile of a large image and the part of it that counts: up to the middle of what it shares with its neighbours, so
/// that every pixel is judged once, by the tile in which it lies farthest from an edge.
struct EvaluationTile {
  PixelWindow window, core;
};

/// Tiles of `side` (0: the whole) that overlap by about `overlap` of it, their corners at multiples of the steps.
std::vector<EvaluationTile> evaluation_tiles(const FrameGrid& grid, int64_t side, double overlap);

/// What the network said of one sample beside its truth, for pictures: truth and predicted [T, H, W] of maps.
using ObserveMaps = std::function<void(int64_t number, const torch::Tensor& truth, const torch::Tensor& predicted)>;

/// The same of objects, in pixels of the whole sample.
using ObserveObjects = std::function<void(int64_t number, const ObjectLabels& truth, const Detections& found)>;

struct EvaluationObservers {
  ObserveMaps maps = {};
  ObserveObjects objects = {};
};

/// The network over every sample: scenes in their middle frame, maps and objects in overlapping tiles at full size;
/// change of classes over the dates of a sample, and over samples of one group that follow each other. Throws DataError
/// for a sample that cannot be read or lacks its label, and where there are none.
TaskScores evaluate_task(TaskNetwork& network, const TaskEvaluation& what, const EvaluationObservers& observers = {});

/// At most `limit` of the numbers, evenly spaced; 0: all.
std::vector<int64_t> spread_out(const std::vector<int64_t>& numbers, int64_t limit);

}  // namespace skysense
