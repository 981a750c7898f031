#pragma once

#include "core/options.h"
#include "data/view_options.h"
#include "engine/checkpoint.h"
#include "engine/device.h"
#include "engine/process_group.h"
#include "engine/product.h"
#include "engine/schedule.h"
#include "model/presets.h"
#include "pretrain/evaluation.h"
#include "pretrain/ita.h"
#include "pretrain/learning_loss.h"
#include "pretrain/prototype_learning.h"
#include "pretrain/query_contrast.h"

namespace skysense {

/// Steps, batch and optimiser of a pre-training run (paper App. C and sec. 4.1; DESIGN 5 and 6).
struct TrainOptions {
  int64_t steps = 600'000;
  int64_t batch_size = 1024;        ///< places a step, over all ranks and accumulations
  int64_t accumulate = 1;           ///< micro-batches a step
  int64_t checkpoint_every = 1000;  ///< steps
  int64_t log_every = 10;           ///< steps
  int64_t max_bad_steps = 10;       ///< consecutive steps with a loss that is not finite before the run stops
  ScheduleOptions schedule;         ///< its keys stand beside the others: train.lr, train.warmup_steps, …
  double clip_norm = 3.0;
  double moe_loss_weight = 0.01;

  void describe(OptionFields& fields);
};

/// The weights of Eq. 5 (App. C). A loss of weight 0 is not computed.
struct LossWeights {
  double mgcl = 1;   ///< lambda_1
  double qsacl = 1;  ///< lambda_3
  double ita = 1;    ///< lambda_2; acts where places have labels

  void describe(OptionFields& fields) {
    fields("mgcl", mgcl, "weight of multi-granularity contrast (pixel, object, image); 0 is off").between(0, 1000);
    fields("qsacl", qsacl, "weight of query-based semantic aggregation contrast; 0 is off").between(0, 1000);
    fields("ita", ita, "weight of image-text alignment, where places have labels; 0 is off").between(0, 1000);
  }
};

/// The feed of the trainer.
struct FeedOptions {
  int64_t workers = 2;
  int64_t ahead = 3;    ///< steps prepared in advance
  int64_t cache = 0;    ///< MiB of places that each process keeps in memory
  bool strict = false;  ///< a place that cannot be read stops the run
  bool verify = true;   ///< members of GeoTIFF shards are compared with their checksums when first read

  void describe(OptionFields& fields) {
    fields("workers", workers, "threads that read, cut and augment places").between(1, 256);
    fields("ahead", ahead, "steps prepared in advance").between(1, 1024);
    fields("cache", cache, "MiB of places that a process keeps in memory after their first reading")
        .between(0, 1 << 30);
    fields("strict", strict, "a place that cannot be read stops the run instead of being replaced by the next");
    fields("verify", verify, "compare members of shards with their checksums when they are first read");
  }
};

/// Everything that `skysense pretrain` can be told; the resolved values are config.yaml of the run.
struct PretrainOptions {
  std::string preset = "nano";
  int64_t seed = 0;
  ComputeOptions compute;  ///< its keys stand at the top: device, dtype, threads
  ModelOptions model;
  LearningHeadSizes head;
  ViewOptions views;
  AugmentOptions augment;
  LossWeights weights;
  ContrastOptions contrast;
  QueryOptions qsacl;
  AlignmentOptions ita;
  PrototypeOptions gcpl;
  TrainOptions train;
  CheckpointOptions checkpoints;
  FeedOptions loader;
  DistributedOptions distributed;
  InferenceOptions inference;
  EvaluationOptions eval;

  void describe(OptionFields& fields);
};

/// The options of a preset (DESIGN 4). Throws UsageError naming the nearest preset.
PretrainOptions pretrain_options(const std::string& preset);

}  // namespace skysense
