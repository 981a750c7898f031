#include "pretrain/learner.h"

#include <fmt/format.h>

#include "core/random.h"
#include "model/moe.h"

namespace skysense {
namespace {

std::vector<std::pair<std::string, std::shared_ptr<torch::nn::Module>>> make_heads(int64_t width,
                                                                                   const LearningHeadSizes& options,
                                                                                   bool with_queries) {
  std::vector<std::pair<std::string, std::shared_ptr<torch::nn::Module>>> heads;
  for (const auto name : kSourceNames) heads.emplace_back(name, LearningHead(width, options).ptr());
  if (with_queries) heads.emplace_back(kQueryName, LearningHead(width, options).ptr());
  return heads;
}

/// One modality of all views, joined along the batch: [V * B, T, ...]; `present` stays on the CPU.
SeriesBatch join(const std::vector<ViewBatch>& views, Modality modality) {
  std::vector<torch::Tensor> values, valid, days, present;
  for (const auto& view : views) {
    const SeriesBatch& series = *view.images[modality];
    values.push_back(series.values);
    valid.push_back(series.valid);
    days.push_back(series.day_of_year);
    present.push_back(series.present);
  }
  return {.values = torch::cat(values),
          .valid = torch::cat(valid),
          .day_of_year = torch::cat(days),
          .present = torch::cat(present)};
}

/// [N, T, H, W] pixel validity and [N, T] presence -> [N, T, cells, cells]: a cell counts where half its pixels do.
torch::Tensor cell_validity(const torch::Tensor& valid, const torch::Tensor& present, int64_t cells) {
  const auto share = at::adaptive_avg_pool2d(valid.to(torch::kFloat), {cells, cells});
  return (share >= 0.5) & present.unsqueeze(-1).unsqueeze(-1);
}

/// One map a view from maps of all views: splits [V * B, ...] along the batch.
std::vector<SourceMap> split(const torch::Tensor& features, const torch::Tensor& valid, size_t views) {
  const auto features_of = features.chunk(static_cast<int64_t>(views)),
             valid_of = valid.chunk(static_cast<int64_t>(views));
  std::vector<SourceMap> maps;
  for (size_t v = 0; v < views; ++v) maps.push_back({features_of[v], valid_of[v]});
  return maps;
}

/// The keys of the images that are there: rows [M] of [N * dates], each with the key of its view of a place.
std::optional<RowKeys> image_keys(const std::optional<RowKeys>& view_keys, Modality modality, const torch::Tensor& rows,
                                  int64_t dates) {
  if (!view_keys) return std::nullopt;
  RowKeys keys;
  const int64_t* row = rows.const_data_ptr<int64_t>();
  for (int64_t i = 0; i < rows.size(0); ++i) {
    const uint64_t of_image = static_cast<uint64_t>(modality) << 32 | static_cast<uint64_t>(row[i] % dates);
    keys.push_back(mix(view_keys->at(static_cast<size_t>(row[i] / dates)), of_image));
  }
  return keys;
}

}  // namespace

LearnerImpl::LearnerImpl(const ModelOptions& model, const LearningHeadSizes& head, int64_t queries,
                         const PerModality<int64_t>& channels)
    : model_(register_module("model", SkysenseModel(model, channels))),
      heads_(register_module("heads", torch::nn::ModuleDict(make_heads(model.fusion_dim, head, queries > 0)))) {
  if (queries > 0) {
    aggregation_ = register_module("aggregation", QueryAggregation(model.fusion_dim, queries, model.mlp_ratio));
  }
}

LearningHead LearnerImpl::head(std::string_view name) {
  return LearningHead(std::dynamic_pointer_cast<LearningHeadImpl>((*heads_)[std::string(name)]));
}

EncodedViews LearnerImpl::encode(const std::vector<ViewBatch>& views, int64_t cells, const torch::Tensor& context,
                                 const ForwardOptions& forward) {
  EncodedViews encoded;
  encoded.balance.emplace_back();
  FusionInput fusion_input;
  fusion_input.grid_height = fusion_input.grid_width = cells;
  if (context.defined()) fusion_input.prototypes = context.repeat({static_cast<int64_t>(views.size()), 1, 1});
  PerModality<torch::Tensor> valid;
  torch::Tensor any_valid;
  for (const Modality modality : kModalities) {
    if (!views[0].images[modality]) continue;
    const SeriesBatch series = join(views, modality);
    const int64_t n = series.present.size(0), t = series.present.size(1);
    const auto rows = series.present.flatten().nonzero().squeeze(-1);  // on the host: nothing waits for the device
    if (rows.size(0) == 0) continue;
    const auto device = series.values.device();
    const auto present = series.present.to(device), rows_there = rows.to(device);
    // Only the images that are there pass through the backbone.
    const bool all = rows.size(0) == n * t;
    const auto images = series.values.flatten(0, 1);
    const BackboneOutput output = model_->encode(modality, all ? images : images.index_select(0, rows_there),
                                                 {.plan = forward.plan,
                                                  .row_keys = image_keys(forward.row_keys, modality, rows, t),
                                                  .prompts = forward.prompts});
    encoded.balance[0][modality] = output.balance;
    auto features = output.stages[3];
    if (!all) {
      features = torch::zeros({n * t, features.size(1), features.size(2), features.size(3)}, features.options())
                     .index_copy(0, rows_there, features);
    }
    valid[modality] = cell_validity(series.valid, present, cells);
    fusion_input.series[modality] = FusionSeries{.features = features.unflatten(0, {n, t}),
                                                 .valid = valid[modality],
                                                 .day_of_year = series.day_of_year,
                                                 .present = present};
    const auto seen = valid[modality].any(1, /*keepdim=*/true);
    any_valid = any_valid.defined() ? any_valid | seen : seen;
  }
  if (!any_valid.defined()) return encoded;
  const FusionOutput fused = model_->fuse(fusion_input, forward.row_keys);
  for (const Modality modality : kModalities) {
    if (!fusion_input.series[modality]) continue;
    encoded.maps[static_cast<int>(modality)] = split(fused.aligned[modality], valid[modality], views.size());
  }
  encoded.maps[static_cast<int>(Source::kFused)] = split(fused.fused.unsqueeze(1), any_valid, views.size());
  encoded.class_tokens = split(fused.class_tokens.unsqueeze(1), any_valid, views.size());
  return encoded;
}

NamedTensors checkpoint_tensors(const Learner& learner) {
  constexpr std::string_view prefix = "model.";
  NamedTensors tensors;
  for (const auto& [name, tensor] : named_tensors(*learner)) {
    tensors[name.starts_with(prefix) ? name.substr(prefix.size()) : name] = tensor;
  }
  return tensors;
}

LogValues expert_loads(const Learner& learner) {
  LogValues values;
  for (const auto& item : learner->named_modules("", /*include_self=*/false)) {
    const auto* moe = item.value()->as<MoeImpl>();
    if (moe == nullptr || !moe->last_load().defined()) continue;
    // model.backbone.stages.3.blocks.0.mlp, or of a separate backbone model.backbones.hr.stages.3.blocks.0.mlp
    const std::string& name = item.key();
    constexpr std::string_view kShared = "model.backbone.", kSeparate = "model.backbones.", kInStage = "stages.",
                               kInBlock = ".blocks.";
    const size_t stages = name.find(kInStage), stage = stages + kInStage.size(), end = name.find(kInBlock, stage),
                 block = end + kInBlock.size();
    const std::string owner = name.starts_with(kShared) ? "" : name.substr(kSeparate.size(), stages - kSeparate.size());
    values.emplace_back(fmt::format("experts.{}{}.{}", owner, name.substr(stage, end - stage),
                                    name.substr(block, name.find('.', block) - block)),
                        moe->last_load().max().item<double>());
  }
  return values;
}

void copy_parameters(const Learner& student, const Learner& teacher) {
  const torch::NoGradGuard no_grad;
  const auto from = student->parameters(), to = teacher->parameters();
  for (size_t i = 0; i < from.size(); ++i) to[i].copy_(from[i]);
  const auto from_buffers = student->buffers(), to_buffers = teacher->buffers();
  for (size_t i = 0; i < from_buffers.size(); ++i) to_buffers[i].copy_(from_buffers[i]);
}

void update_teacher(const Learner& student, const Learner& teacher, double momentum) {
  const torch::NoGradGuard no_grad;
  at::_foreach_lerp_(teacher->parameters(), student->parameters(), 1 - momentum);
}

}  // namespace skysense
