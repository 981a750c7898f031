#include "heads/task_options.h"

#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <utility>

#include "core/error.h"

namespace skysense {
namespace {

std::optional<PatchMergingPlan> plan_of(const MergingOptions& merging, const ModelOptions& model) {
  PatchMergingPlan plan = model.patch_merging;
  bool changed = false;
  for (const auto& [modality, stages] : {std::pair{Modality::kHr, &merging.hr}, std::pair{Modality::kMs, &merging.ms},
                                         std::pair{Modality::kSar, &merging.sar}}) {
    if (stages->empty()) continue;
    if (stages->size() != kStages - 1) {
      throw UsageError(fmt::format("task.merging.{}: expected a number for each of stages 2, 3 and 4, got {}",
                                   modality_name(modality), stages->size()));
    }
    for (size_t i = 0; i < stages->size(); ++i) plan.subsample[modality][i] = (*stages)[i] != 0;
    changed = true;
  }
  return changed ? std::optional(plan) : std::nullopt;
}

}  // namespace

void LoraOptions::describe(OptionFields& fields) {
  fields("rank", rank, "rank of the adapters; 0 trains the layers themselves").between(0, 4096);
  fields("alpha", alpha, "the adapters' output is scaled by alpha / rank").between(1e-6, 1e6);
  fields("modules", modules, "endings of the names of the linear layers that get adapters");
}

void MergingOptions::describe(OptionFields& fields) {
  for (const auto& [name, stages] : {std::pair{"hr", &hr}, std::pair{"ms", &ms}, std::pair{"sar", &sar}}) {
    fields(name, *stages, "for stages 2 to 4: 1 halves the resolution, 0 keeps it; empty: the model's").between(0, 1);
  }
}

void TaskOptions::describe(OptionFields& fields) {
  fields("head", head, "task head")
      .one_of({"linear", "fcn", "upernet", "bit", "unet", "upernet-change", "faster-rcnn", "oriented-rcnn"});
  fields("modality", modality, "whose stage maps the head sees; empty: the first of the task's")
      .one_of({"", "hr", "ms", "sar"});
  fields("fusion", fusion, "use the fusion encoder: for series and for several modalities");
  fields("cell", cell, "label pixels that a cell of the fusion grid is wide; 0: an MS pixel, without MS 32 HR pixels")
      .between(0, 4096);
  fields("prompts", prompts, "keep the modality prompts");
  fields("geo_context", geo_context, "use the prototypes of the place's region where both are known");
  fields.group("merging", merging);
  fields("frozen", frozen, "modules that do not learn: model, model.backbone.stages.0, model.fusion, ...");
  fields("moe", moe, "experts: train, frozen-gate, or single-expert: one expert a block, drawn by the seed")
      .one_of({"train", "frozen-gate", "single-expert"});
  fields.group("lora", lora);
  fields("channels", channels, "channels of FCN and UperNet").between(1, 8192);
  fields("dropout", dropout, "channel dropout of FCN and UperNet").between(0, 0.99);
  fields("auxiliary", auxiliary, "UperNet's auxiliary head on stage 3, in training");
  fields("auxiliary_channels", auxiliary_channels, "its channels").between(1, 8192);
  fields("norm", norm, "normalisation in the heads; group for batches of one or two images a process")
      .one_of({"batch", "group"});
}

TaskFeatureOptions task_feature_options(const TaskOptions& task, const std::vector<Modality>& modalities,
                                        const ModelOptions& model) {
  TORCH_CHECK_VALUE(!modalities.empty(), "a task wants at least one modality");
  const Modality modality = task.modality.empty() ? modalities.front() : parse_modality(task.modality);
  if (std::find(modalities.begin(), modalities.end(), modality) == modalities.end())
    throw UsageError(fmt::format("task.modality {}: the task takes no such images", task.modality));
  if (modalities.size() > 1 && !task.fusion)
    throw UsageError("a task of several modalities wants the fusion encoder: set task.fusion=true");
  return {.modality = modality, .fusion = task.fusion, .prompts = task.prompts, .plan = plan_of(task.merging, model)};
}

TaskModelOptions task_model_options(const TaskOptions& task, const std::vector<Modality>& modalities,
                                    const ModelOptions& model, int64_t logits) {
  return {.head = parse_head(task.head),
          .classes = logits,
          .features = task_feature_options(task, modalities, model),
          .channels = task.channels,
          .dropout = task.dropout,
          .auxiliary = task.auxiliary,
          .auxiliary_channels = task.auxiliary_channels,
          .norm = task.norm == "group" ? HeadNorm::kGroup : HeadNorm::kBatch,
          .frozen = task.frozen};
}

}  // namespace skysense
