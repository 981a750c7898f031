#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.h"
#include "datasets/dataset_options.h"
#include "detection/detection_options.h"
#include "engine/checkpoint.h"
#include "engine/device.h"
#include "engine/inference_options.h"
#include "engine/process_group.h"
#include "finetune/augment.h"
#include "finetune/frame.h"
#include "finetune/schedule.h"
#include "finetune/selection.h"
#include "heads/task_options.h"
#include "model/options.h"

namespace skysense {

/// Images of a modality that the network gets at most for one time of a sample. Training draws as many at random, each
/// in its turn of the year; evaluation takes evenly spaced ones.
struct DateOptions {
  int64_t hr = 1, ms = 1, sar = 1;

  void describe(OptionFields& fields);
  int64_t of(Modality modality) const { return modality == Modality::kHr ? hr : modality == Modality::kMs ? ms : sar; }
};

/// What is trained on.
struct TaskDataOptions {
  std::string reader;                   ///< of the data set: "aid"; see `skysense datasets list`
  DatasetOptions options;               ///< of the reader: data.options.fold, …
  std::vector<std::string> modalities;  ///< that the network takes; empty: all that the data set has
  DateOptions dates;
  /// Where above 0, training samples are tiles of this side of the labelled images, as the published codes cut them; a
  /// pass over the samples then is one over the ground. Evaluation sees the images whole.
  int64_t tile = 0;
  int64_t tile_stride = 0;                            ///< of the tiles; 0: as their side, without overlap
  FrameOptions frame;                                 ///< its side is the training crop and the prediction tile
  std::vector<std::string> train_splits = {"train"};  ///< learnt from
  std::string val_split = "val";                      ///< measured every eval.every steps
  double val_share = 0;        ///< where val_split has no samples: share of the training samples held out for it
  SelectionOptions selection;  ///< which of the training samples, before any are held out

  void describe(OptionFields& fields);
};

/// The loss (Tables 6 and 8).
struct TaskLossSettings {
  std::string kind;  ///< cross-entropy, binary-cross-entropy or multi-label-soft-margin; empty: what the labels ask for
  std::vector<double> class_weights;  ///< one a class; empty: all 1
  double auxiliary_weight = 0.4;
  double moe_weight = 0.01;  ///< of the experts' load-balancing loss; not counted unless task.moe is train

  void describe(OptionFields& fields);
};

/// Steps, batch and optimiser.
struct TaskTrainOptions {
  int64_t steps = 1000;  ///< optimiser steps
  int64_t epochs = 0;    ///< where above 0: passes over the training samples in place of steps
  int64_t batch_size = 8;
  int64_t accumulate = 1;
  TaskSchedule schedule;   ///< its keys stand beside the others: train.lr, train.schedule, …
  double layer_decay = 1;  ///< layer-wise lr decay (Tables 4 to 8): see lr_scales
  double weight_decay = 0.01;
  double drop_path = 0;         ///< of the backbone's last block
  double fusion_drop_path = 0;  ///< of the fusion encoder's last layer
  double clip_norm = 0;         ///< largest global norm of the gradient; 0 leaves it
  double ema = 0;               ///< share kept a step by a moving average of the weights, the product then; 0 is off
  int64_t checkpoint_every = 500;
  int64_t log_every = 10;
  int64_t max_bad_steps = 10;  ///< consecutive steps without a finite loss before the run stops

  void describe(OptionFields& fields);
};

/// How validation is made and what it decides.
struct TaskEvaluationOptions {
  int64_t every = 0;         ///< steps between evaluations on the validation samples; 0: after the last step alone
  std::string metric;        ///< that chooses the best checkpoint: oa, map, miou, …; empty: the task's own
  int64_t patience = 0;      ///< evaluations without a better one before the run stops early; 0 never does
  int64_t samples = 0;       ///< validation samples at most, evenly spaced; 0: all
  double overlap = 0.25;     ///< share of a tile's side that neighbouring tiles of a large image share
  int64_t batch = 8;         ///< tiles or scenes at once
  bool oriented = false;     ///< upright boxes too are judged against the turned ones of the labels
  int64_t most_boxes = 0;    ///< of an image and class that count in COCO's metrics, which have 100; 0: all
  int64_t resamples = 1000;  ///< of the bootstrap intervals of `skysense evaluate`

  void describe(OptionFields& fields);
};

struct TaskLoaderOptions {
  int64_t workers = 2;
  int64_t ahead = 3;   ///< steps prepared in advance
  bool strict = true;  ///< a sample that cannot be read stops the run; false: the next takes its place

  void describe(OptionFields& fields);
};

/// What the paper reports of a recipe: one value a metric and split, as it is printed.
struct PaperOptions {
  std::string table;                 ///< "Table 1"
  std::vector<std::string> metrics;  ///< "oa", …
  std::vector<std::string> splits;   ///< on which; one a metric
  std::vector<double> values;        ///< percent; one a metric

  void describe(OptionFields& fields);
};

/// Everything that `skysense finetune` can be told: a recipe is a YAML file of it.
struct FinetuneOptions {
  std::string extends;  ///< of a recipe: the one that it changes, a path from its folder without .yaml; see read_recipe
  std::string title;    ///< of the recipe, for people
  std::string pretrained;  ///< where no --model is given: random:PRESET or a path
  int64_t seed = 0;
  ComputeOptions compute;  ///< its keys stand at the top: device, dtype, threads
  TaskDataOptions data;
  TaskOptions task;
  DetectionOptions detection;  ///< where task.head is a detector
  TaskLossSettings loss;
  TaskAugmentOptions augment;
  TaskTrainOptions train;
  TaskEvaluationOptions eval;
  TaskLoaderOptions loader;
  CheckpointOptions checkpoints;
  DistributedOptions distributed;
  PaperOptions paper;

  void describe(OptionFields& fields);
};

/// A run's config.yaml: what it was told, and the groups `model` and `inference` of the network that it trains.
struct FinetuneConfig {
  FinetuneOptions options;
  ModelOptions model;
  InferenceOptions inference;

  void describe(OptionFields& fields);
};

}  // namespace skysense
