#include "finetune/options.h"

namespace skysense {

void DateOptions::describe(OptionFields& fields) {
  fields("hr", hr, "HR images at most that the network gets of one time of a sample").between(1, 1000);
  fields("ms", ms, "the same of MS").between(1, 1000);
  fields("sar", sar, "the same of SAR").between(1, 1000);
}

void TaskDataOptions::describe(OptionFields& fields) {
  fields("reader", reader, "layout of the data set; skysense datasets list has them all");
  fields.group("options", options);
  fields("modalities", modalities, "modalities that the network takes (hr, ms, sar); empty: all of the data set");
  fields.group("dates", dates);
  fields("tile", tile, "side of the tiles that images are cut into for training, pixels of the labels; 0: none")
      .at_least(0);
  fields("tile_stride", tile_stride, "step between tiles; 0: their side").at_least(0);
  frame.describe(fields);
  fields("train_splits", train_splits, "splits that are learnt from");
  fields("val_split", val_split, "split that is measured while training");
  fields("val_share", val_share, "where val_split has no samples: share of the training samples held out for it")
      .between(0, 0.9);
  selection.describe(fields);
}

void TaskLossSettings::describe(OptionFields& fields) {
  fields("kind", kind, "cross-entropy, binary-cross-entropy or multi-label-soft-margin; empty: what the labels ask for")
      .one_of({"", "cross-entropy", "binary-cross-entropy", "multi-label-soft-margin"});
  fields("class_weights", class_weights, "one a class; empty: all 1").at_least(0);
  fields("auxiliary_weight", auxiliary_weight, "weight of UperNet's auxiliary loss").between(0, 100);
  fields("moe_weight", moe_weight, "weight of the experts' load-balancing loss, where their gates learn")
      .between(0, 100);
}

void TaskTrainOptions::describe(OptionFields& fields) {
  fields("steps", steps, "optimiser steps").at_least(1);
  fields("epochs", epochs, "passes over the training samples in place of steps; 0: steps").at_least(0);
  fields("batch_size", batch_size, "samples a step, over all ranks and accumulations").at_least(1);
  fields("accumulate", accumulate, "micro-batches a step; divides batch_size").at_least(1);
  schedule.describe(fields);
  fields("layer_decay", layer_decay, "factor of the learning rate from a layer to the one before it; 1: all alike")
      .between(0.01, 1);
  fields("weight_decay", weight_decay, "weight decay of matrices").between(0, 100);
  fields("drop_path", drop_path, "drop-path rate of the backbone's last block").between(0, 0.99);
  fields("fusion_drop_path", fusion_drop_path, "drop-path rate of the fusion encoder's last layer").between(0, 0.99);
  fields("clip_norm", clip_norm, "largest global norm of the gradient; 0 leaves it").between(0, 1e9);
  fields("ema", ema, "share that a moving average of the weights keeps a step; it is the product then; 0 is off")
      .between(0, 0.999999);
  fields("checkpoint_every", checkpoint_every, "steps between checkpoints").at_least(1);
  fields("log_every", log_every, "steps between log lines").at_least(1);
  fields("max_bad_steps", max_bad_steps, "consecutive steps without a finite loss before the run stops").at_least(1);
}

void TaskEvaluationOptions::describe(OptionFields& fields) {
  fields("every", every, "steps between evaluations on the validation samples; 0: after the last step alone")
      .at_least(0);
  fields("metric", metric,
         "that chooses the best checkpoint: oa, map, miou, macro_f1, f1, scs, map50, map75, voc07, voc; empty: the "
         "task's own")
      .one_of({"", "oa", "map", "miou", "macro_f1", "f1", "scs", "map50", "map75", "voc07", "voc"});
  fields("patience", patience, "evaluations without a better one before the run stops early; 0: never").at_least(0);
  fields("samples", samples, "validation samples at most, evenly spaced; 0: all").at_least(0);
  fields("overlap", overlap, "share of a tile that neighbouring tiles of a large image have in common").between(0, 0.5);
  fields("batch", batch, "tiles or scenes that are evaluated at once").between(1, 4096);
  fields("oriented", oriented,
         "judge a detector of upright boxes against the turned boxes of the labels, as DOTA does");
  fields("most_boxes", most_boxes,
         "boxes of an image and class that count in COCO's metrics: 100 in COCO itself; 0: all")
      .at_least(0);
  fields("resamples", resamples, "draws of the bootstrap intervals of skysense evaluate").between(10, 1'000'000);
}

void TaskLoaderOptions::describe(OptionFields& fields) {
  fields("workers", workers, "threads that read and augment samples").between(1, 256);
  fields("ahead", ahead, "steps prepared in advance").between(1, 1024);
  fields("strict", strict,
         "a sample that cannot be read stops the run; false: a warning, and the next takes its place");
}

void PaperOptions::describe(OptionFields& fields) {
  fields("table", table, "where the paper reports results of the recipe");
  fields("metrics", metrics, "of which metrics");
  fields("splits", splits, "on which split, one a metric").one_of({"train", "val", "test"});
  fields("values", values, "percent, one a metric").between(0, 100);
}

void FinetuneOptions::describe(OptionFields& fields) {
  fields("extends", extends, "of a recipe: the one that it changes, a path from its folder without .yaml");
  fields("title", title, "what the recipe is for");
  fields("pretrained", pretrained, "where no --model is given: a pre-trained model, or random:PRESET");
  fields("seed", seed, "seed of everything random").at_least(0);
  compute.describe(fields);
  fields.group("data", data);
  fields.group("task", task);
  fields.group("detection", detection);
  fields.group("loss", loss);
  fields.group("augment", augment);
  fields.group("train", train);
  fields.group("eval", eval);
  fields.group("loader", loader);
  fields("checkpoints.keep", checkpoints.keep, "newest checkpoints kept beside the best; older ones are removed")
      .at_least(1);
  fields.group("distributed", distributed);
  fields.group("paper", paper);
}

void FinetuneConfig::describe(OptionFields& fields) {
  options.describe(fields);
  fields.group("model", model);
  fields.group("inference", inference);
}

}  // namespace skysense
