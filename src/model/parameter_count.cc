#include "model/parameter_count.h"

#include <algorithm>

#include "model/patch_merging_plan.h"

namespace skysense {
namespace {

constexpr int64_t kPositionHidden = 512;  // hidden width of the position bias' MLP (Swin V2)
constexpr int64_t kUpHeadOutputs = 16;    // cells that a token becomes
constexpr int64_t kDays = 365;

int64_t linear(int64_t inputs, int64_t outputs) { return (inputs + 1) * outputs; }
int64_t norm(int64_t dim) { return 2 * dim; }
int64_t mlp(int64_t dim, int64_t ratio) { return linear(dim, ratio * dim) + linear(ratio * dim, dim); }

/// Parameters and activated ones of a block's second half.
ModuleCount feed_forward(const ModelOptions& options, int64_t dim, bool experts) {
  const int64_t one = mlp(dim, options.mlp_ratio);
  if (!experts) return {"", one, one, {}};
  const int64_t gate = dim * options.moe.experts;
  return {"", gate + options.moe.experts * one, gate + options.moe.top_k * one, {}};
}

/// Query, key, value and output with biases, as every attention but Swin V2's has them.
int64_t attention(int64_t dim) { return linear(dim, 3 * dim) + linear(dim, dim); }

int64_t window_attention(int64_t dim, int64_t heads) {
  const int64_t position = linear(2, kPositionHidden) + kPositionHidden * heads;
  return attention(dim) - dim + heads + position;  // the key has no bias, each head has a scale
}

ModuleCount count_stage(const ModelOptions& options, int stage, int64_t first_block) {
  const int64_t dim = options.stage_dim(stage);
  const bool windowed = stage < 2 || !options.global_attention;
  const auto expert_blocks = options.expert_blocks();
  ModuleCount count{"stages." + std::to_string(stage), 0, 0, {}};
  int64_t shared = norm(dim);
  if (stage > 0) shared += 4 * options.stage_dim(stage - 1) * dim + norm(dim);
  count.parameters = count.activated = shared;
  for (int64_t block = first_block; block < first_block + options.depths[stage]; ++block) {
    const bool experts = std::find(expert_blocks.begin(), expert_blocks.end(), block) != expert_blocks.end();
    const ModuleCount second = feed_forward(options, dim, experts);
    const int64_t first = 2 * norm(dim) + (windowed ? window_attention(dim, dim / options.head_width) : attention(dim));
    count.parameters += first + second.parameters;
    count.activated += first + second.activated;
  }
  return count;
}

ModuleCount sum_of(std::string name, std::vector<ModuleCount> parts) {
  ModuleCount sum{std::move(name), 0, 0, std::move(parts)};
  for (const ModuleCount& part : sum.parts) {
    sum.parameters += part.parameters;
    sum.activated += part.activated;
  }
  return sum;
}

ModuleCount count_backbone(const ModelOptions& options) {
  std::vector<ModuleCount> parts;
  int64_t first_block = 0;
  for (int stage = 0; stage < kStages; ++stage) {
    parts.push_back(count_stage(options, stage, first_block));
    first_block += options.depths[stage];
  }
  const int64_t position = options.position_grid * options.position_grid * options.stage_dim(2);
  parts.push_back({"position_embedding", position, position, {}});
  return sum_of("backbone", std::move(parts));
}

ModuleCount count_prompts(const ModelOptions& options) {
  int64_t count = 0;
  for (int stage = 2; stage < kStages && options.global_attention && options.prompts > 0; ++stage) {
    const int64_t dim = options.stage_dim(stage);
    count += kModalityCount * options.prompts * dim + (options.prompt_projection ? dim * dim : 0);
  }
  return {"prompts", count, count, {}};
}

/// `copies` unshared ones of a module together.
ModuleCount times(int64_t copies, ModuleCount module) {
  module.parameters *= copies;
  module.activated *= copies;
  for (ModuleCount& part : module.parts) part = times(copies, std::move(part));
  return module;
}

ModuleCount count_fusion(const ModelOptions& options) {
  const int64_t dim = options.fusion_dim;
  const auto part = [](const char* name, int64_t count) { return ModuleCount{name, count, count, {}}; };
  const int64_t layer = attention(dim) + mlp(dim, options.mlp_ratio) + 2 * norm(dim);
  return sum_of("fusion", {part("projections", kModalityCount * linear(options.stage_dim(3), dim)),
                           part("up_heads", 2 * linear(dim, kUpHeadOutputs * dim)), part("day_of_year", kDays * dim),
                           part("class_token", dim), part("layers", options.fusion_layers * layer),
                           part("norm", norm(dim)), part("geo_context", 2 * dim * dim)});
}

}  // namespace

std::vector<ModuleCount> count_parameters(const ModelOptions& options, const PerModality<int64_t>& channels) {
  std::vector<ModuleCount> modules;
  for (const Modality modality : kModalities) {
    if (channels[modality] == 0) continue;
    const int64_t count = linear(kPatch * kPatch * channels[modality], options.dim) + norm(options.dim);
    modules.push_back({"tokenizers." + std::string(modality_name(modality)), count, count, {}});
  }
  const auto modalities = static_cast<int64_t>(modules.size()), backbones = options.separate_backbones ? modalities : 1;
  modules.push_back(times(backbones, count_backbone(options)));
  modules.push_back(times(backbones, count_prompts(options)));
  modules.push_back(count_fusion(options));
  return modules;
}

int64_t total_parameters(const std::vector<ModuleCount>& modules) { return sum_of("", modules).parameters; }
int64_t total_activated(const std::vector<ModuleCount>& modules) { return sum_of("", modules).activated; }

std::string module_of(std::string_view tensor_name) {
  for (const Modality modality : kModalities) {
    const std::string name = "tokenizers." + std::string(modality_name(modality));
    if (tensor_name.starts_with(name + ".")) return name;
  }
  if (tensor_name.starts_with("backbone.") || tensor_name.starts_with("backbones.")) {
    return tensor_name.find(".prompts.") != std::string_view::npos ? "prompts" : "backbone";
  }
  return tensor_name.starts_with("fusion.") ? "fusion" : "others";
}

}  // namespace skysense
