#include "model/cost.h"

#include <algorithm>
#include <array>

#include "model/patch_merging_plan.h"

namespace skysense {
namespace {

constexpr int64_t kUpHeadOutputs = 16;
constexpr int64_t kHrPixelsPerCell = 32;
constexpr int kGlobalViews = 2, kLocalViews = 6;  // paper App. C

struct Grid {
  int64_t height = 0, width = 0;
  int64_t tokens() const { return height * width; }
};

int64_t divide_up(int64_t a, int64_t b) { return (a + b - 1) / b; }

/// The token grids of the four stages.
std::array<Grid, kStages> stage_grids(const ModelOptions& options, Modality modality, const ImageSizes& image) {
  std::array<Grid, kStages> grids;
  grids[0] = {divide_up(image.height, kPatch), divide_up(image.width, kPatch)};
  for (int stage = 1; stage < kStages; ++stage) {
    const int64_t factor = options.patch_merging.subsample[modality][stage - 1] ? 2 : 1;
    grids[stage] = {divide_up(grids[stage - 1].height, factor), divide_up(grids[stage - 1].width, factor)};
  }
  return grids;
}

/// Query, key, value, output, and the two products of attention, over windows (see WindowLayout).
int64_t window_attention(const Grid& grid, int64_t window, int64_t dim) {
  const Grid one{std::min(window, grid.height), std::min(window, grid.width)};
  const int64_t windows = divide_up(grid.height, one.height) * divide_up(grid.width, one.width);
  const int64_t padded = windows * one.tokens();
  return padded * 3 * dim * dim + grid.tokens() * dim * dim + 2 * padded * one.tokens() * dim;
}

int64_t global_attention(int64_t tokens, int64_t dim) { return tokens * 4 * dim * dim + 2 * tokens * tokens * dim; }

int64_t count_image(const ModelOptions& options, Modality modality, const ImageSizes& image) {
  const auto grids = stage_grids(options, modality, image);
  const auto expert_blocks = options.expert_blocks();
  int64_t total = 0, block = 0;
  for (int stage = 0; stage < kStages; ++stage) {
    const int64_t dim = options.stage_dim(stage), tokens = grids[stage].tokens();
    if (stage > 0) {
      const bool subsample = options.patch_merging.subsample[modality][stage - 1];
      total += tokens * (subsample ? 4 : 1) * options.stage_dim(stage - 1) * dim;
    }
    const bool global = stage >= 2 && options.global_attention;
    const int64_t prompts = global ? options.prompts : 0;
    if (options.prompt_projection) total += prompts * dim * dim;
    for (int64_t last = block + options.depths[stage]; block < last; ++block) {
      const bool experts = std::find(expert_blocks.begin(), expert_blocks.end(), block) != expert_blocks.end();
      const int64_t mlp = 2 * options.mlp_ratio * dim * dim;
      total += global ? global_attention(tokens + prompts, dim) : window_attention(grids[stage], options.window, dim);
      total += (tokens + prompts) * (experts ? options.moe.top_k * mlp + options.moe.experts * dim : mlp);
    }
  }
  return total;
}

Grid fusion_grid(const CostInput& input) {
  if (input.grid_height > 0) return {input.grid_height, input.grid_width};
  for (const Modality modality : kModalities) {
    const ImageSizes& image = input.images[modality];
    const int64_t cell = modality == Modality::kHr ? kHrPixelsPerCell : 1;
    if (image.height > 0) return {divide_up(image.height, cell), divide_up(image.width, cell)};
  }
  return {};
}

int64_t sequence_length(const CostInput& input) {
  int64_t length = 1;  // the class token
  for (const ImageSizes& image : input.images) length += image.height > 0 ? image.dates : 0;
  return length;
}

int64_t count_encoder(const ModelOptions& options, const CostInput& input) {
  const int64_t dim = options.fusion_dim, length = sequence_length(input), cells = fusion_grid(input).tokens();
  const int64_t mlp = 2 * options.mlp_ratio * dim * dim;
  const int64_t layer = global_attention(length, dim) + length * mlp;
  const int64_t last = length * 2 * dim * dim + 2 * dim * dim + 2 * length * dim + mlp;  // keys and values of all
  const int64_t context = dim * dim + (input.prototypes > 0 ? dim * dim + 2 * input.prototypes * dim : 0);
  return cells * ((options.fusion_layers - 1) * layer + (input.every_token ? layer : last) + context);
}

}  // namespace

std::vector<PartCost> count_multiply_adds(const ModelOptions& options, const CostInput& input) {
  PartCost tokenizers{"tokenizers"}, align{"fusion.align"};
  std::vector<PartCost> parts;
  for (const Modality modality : kModalities) {
    const ImageSizes& image = input.images[modality];
    if (image.height == 0) continue;
    const auto grids = stage_grids(options, modality, image);
    tokenizers.amount += image.dates * grids[0].tokens() * kPatch * kPatch * image.channels * options.dim;
    parts.push_back(
        {"backbone." + std::string(modality_name(modality)), image.dates * count_image(options, modality, image)});
    const int64_t up_head = modality == Modality::kHr ? 0 : kUpHeadOutputs * options.fusion_dim;
    align.amount += image.dates * grids[kStages - 1].tokens() * options.fusion_dim * (options.stage_dim(3) + up_head);
  }
  parts.insert(parts.begin(), tokenizers);
  parts.push_back(align);
  parts.push_back({"fusion.encoder", count_encoder(options, input)});
  return parts;
}

int64_t total_of(const std::vector<PartCost>& parts) {
  int64_t total = 0;
  for (const PartCost& part : parts) total += part.amount;
  return total;
}

int64_t count_pretraining_sample(const Preset& preset, bool every_token) {
  const int64_t dim = preset.model.fusion_dim;
  const LearningHeadSizes& head = preset.head;
  const int64_t head_cost =
      dim * head.hidden + head.hidden * head.hidden + head.hidden * head.bottleneck + head.bottleneck * head.outputs;
  const auto view = [&](int64_t ms_side) {
    const int64_t hr_side = ms_side * preset.sample.hr_per_ms;
    const CostInput input{.images = {{{{hr_side, hr_side, 3, 1},
                                       {ms_side, ms_side, 10, preset.sample.ms_dates},
                                       {ms_side, ms_side, 2, preset.sample.sar_dates}}}},
                          .prototypes = preset.prototypes.prototypes,
                          .every_token = every_token};
    // Heads see every image's feature and the fused one in each cell: one more than the images, as the class token.
    const int64_t heads = fusion_grid(input).tokens() * sequence_length(input) * head_cost;
    return total_of(count_multiply_adds(preset.model, input)) + heads;
  };
  return kGlobalViews * view(preset.sample.global_crop) + kLocalViews * view(preset.sample.local_crop);
}

int64_t estimate_activation_bytes(const ModelOptions& options, const CostInput& input, int64_t element_bytes) {
  // Its input and output, the hidden layer of its MLP before and after GELU, and what is normalised, shaped or added on
  // the way; windowed attention holds as much in queries, keys, values and scores. Measured: 13 to 15.
  const int64_t block_copies = 6 + 2 * options.mlp_ratio;
  const int64_t dim = options.fusion_dim, length = sequence_length(input), cells = fusion_grid(input).tokens();
  int64_t largest = 0, features = 0;
  for (const Modality modality : kModalities) {
    const ImageSizes& image = input.images[modality];
    if (image.height == 0) continue;
    const auto grids = stage_grids(options, modality, image);
    int64_t kept = 0;  // the stages' normalised outputs
    for (int stage = 0; stage < kStages; ++stage) {
      const int64_t values = grids[stage].tokens() * options.stage_dim(stage);
      largest = std::max(largest, kept + block_copies * values);
      kept += values;
    }
    features += image.dates * grids[kStages - 1].tokens() * options.stage_dim(3);
  }
  const int64_t chunk = std::min(cells, options.fusion_chunk);
  const int64_t aligned = cells * length * dim;  // every image's aligned feature and the fused one
  const int64_t fusion = features + aligned + block_copies * chunk * length * dim;
  return element_bytes * std::max(features + largest, fusion);
}

}  // namespace skysense
