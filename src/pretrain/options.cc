#include "pretrain/options.h"

namespace skysense {

void TrainOptions::describe(OptionFields& fields) {
  fields("steps", steps, "optimiser steps; 0 writes the initial checkpoint").at_least(0);
  fields("batch_size", batch_size, "places a step, over all ranks and accumulations").at_least(1);
  fields("accumulate", accumulate, "micro-batches a step; divides batch_size").at_least(1);
  fields("checkpoint_every", checkpoint_every, "steps between checkpoints").at_least(1);
  fields("log_every", log_every, "steps between log lines").at_least(1);
  fields("max_bad_steps", max_bad_steps, "consecutive steps without a finite loss before the run stops").at_least(1);
  schedule.describe(fields);
  fields("clip_norm", clip_norm, "largest global norm of the gradient").between(1e-6, 1e9);
  fields("moe_loss_weight", moe_loss_weight, "weight of the experts' load-balancing loss").between(0, 100);
}

void PretrainOptions::describe(OptionFields& fields) {
  fields("preset", preset, "the preset that the other values started from");
  fields("seed", seed, "seed of everything random").at_least(0);
  compute.describe(fields);
  fields.group("model", model);
  fields.group("head", head);
  fields.group("views", views);
  fields.group("augment", augment);
  fields.group("weights", weights);
  fields.group("contrast", contrast);
  fields.group("qsacl", qsacl);
  fields.group("ita", ita);
  fields.group("gcpl", gcpl);
  fields.group("train", train);
  fields("checkpoints.keep", checkpoints.keep, "newest checkpoints kept; older ones are removed").at_least(1);
  fields.group("loader", loader);
  fields.group("distributed", distributed);
  fields.group("inference", inference);
  fields.group("eval", eval);
}

PretrainOptions pretrain_options(const std::string& name) {
  const Preset& preset = find_preset(name);
  PretrainOptions options;
  options.preset = preset.name;
  options.model = preset.model;
  options.model.drop_path = 0.2;  // the predecessor's (DESIGN 6)
  options.model.fusion_drop_path = 0.3;
  options.head = preset.head;
  options.gcpl.regions = preset.prototypes.regions;
  options.gcpl.prototypes = preset.prototypes.prototypes;
  options.views.hr_per_cell = preset.sample.hr_per_ms;
  options.views.global_cells = preset.sample.global_crop;
  options.views.local_cells = preset.sample.local_crop;
  options.views.ms_dates = preset.sample.ms_dates;
  options.views.sar_dates = preset.sample.sar_dates;
  // Maps are made of tiles as large as the HR views that the model learnt from: over larger ones its attention gathers
  // more than it has seen at once, and every tile takes on a tone of its own. Every preset runs as many pixels at once.
  const int64_t usual = options.inference.tile;
  options.inference.tile = preset.sample.global_crop_hr() / InferenceOptions::kHrPixels;
  options.inference.overlap = options.inference.tile / 4;
  options.inference.batch *= (usual / options.inference.tile) * (usual / options.inference.tile);
  return options;
}

}  // namespace skysense
