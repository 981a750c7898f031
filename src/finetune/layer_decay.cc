#include "finetune/layer_decay.h"

#include <charconv>
#include <cmath>
#include <optional>
#include <string_view>

namespace skysense {
namespace {

/// The number behind the first `key` ("stages.") of a name.
std::optional<int64_t> number_after(std::string_view name, std::string_view key) {
  const size_t position = name.find(key);
  if (position == std::string_view::npos) return std::nullopt;
  const std::string_view digits = name.substr(position + key.size());
  int64_t number = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return error == std::errc() ? std::optional(number) : std::nullopt;
}

}  // namespace

int64_t layer_of(const std::string& parameter, const ModelOptions& model) {
  constexpr int kPositionStage = 2;  // the position embedding is added before stage 3
  const auto blocks_before = [&](int64_t stage) {
    int64_t blocks = 0;
    for (int64_t earlier = 0; earlier < stage; ++earlier) blocks += model.depths.at(static_cast<size_t>(earlier));
    return blocks;
  };
  const std::string_view name = parameter;
  const int64_t last = model.block_count() + 1;
  if (name.starts_with("model.tokenizers.")) return 0;
  if (!name.starts_with("model.backbone")) return last;
  if (name.ends_with("position_embedding")) return blocks_before(kPositionStage);
  const auto stage = number_after(name, ".stages.");
  if (!stage) return last;
  if (const auto block = number_after(name, ".blocks.")) return blocks_before(*stage) + *block + 1;
  if (name.find(".merging.") != std::string_view::npos) return blocks_before(*stage);
  if (name.find(".prompts.") != std::string_view::npos) return blocks_before(*stage) + 1;
  return last;
}

std::map<std::string, double> layer_lr_scales(const NamedTensors& parameters, const ModelOptions& model, double decay) {
  const int64_t last = model.block_count() + 1;
  std::map<std::string, double> scales;
  for (const auto& [name, parameter] : parameters)
    scales[name] = std::pow(decay, static_cast<double>(last - layer_of(name, model)));
  return scales;
}

}  // namespace skysense
