#include "clip/clip_text_config.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/whole_number.h"

namespace skysense {
namespace {

using nlohmann::json;

// What is larger comes from a damaged file, and would take memory before the weights show that it is wrong.
constexpr int64_t kMaximumWidth = 1 << 16, kMaximumLayers = 1 << 10, kMaximumTokens = 1 << 24;

/// Settings of the text tower in the order in which later ones win.
void read_text_settings(const json& object, ClipTextConfig& config) {
  const auto size = [&](const char* key, int64_t& value, int64_t maximum) {
    if (!object.contains(key)) return;
    value = whole_number(object, key);
    if (value < 1 || value > maximum) throw DataError(fmt::format("{} is {}, which makes no sense", key, value));
  };
  size("vocab_size", config.vocabulary, kMaximumTokens);
  size("hidden_size", config.dim, kMaximumWidth);
  size("intermediate_size", config.mlp_dim, kMaximumWidth);
  size("num_hidden_layers", config.layers, kMaximumLayers);
  size("num_attention_heads", config.heads, kMaximumWidth);
  size("max_position_embeddings", config.context, kMaximumWidth);
  size("projection_dim", config.projection_dim, kMaximumWidth);
  size("eos_token_id", config.end_token, kMaximumTokens);
  if (object.contains("hidden_act")) {
    const auto activation = object.at("hidden_act").get<std::string>();
    if (activation != "gelu" && activation != "quick_gelu") {
      throw DataError(fmt::format("hidden_act is '{}'; gelu and quick_gelu are supported", activation));
    }
    config.exact_gelu = activation == "gelu";
  }
  if (object.contains("layer_norm_eps")) config.layer_norm_eps = object.at("layer_norm_eps").get<double>();
}

void check(const ClipTextConfig& config) {
  if (config.dim % config.heads != 0) {
    throw DataError(fmt::format("hidden_size {} is no multiple of num_attention_heads {}", config.dim, config.heads));
  }
  if (config.context < 2) throw DataError("max_position_embeddings has no room for the start and the end token");
  if (!std::isfinite(config.layer_norm_eps) || config.layer_norm_eps <= 0) {
    throw DataError("layer_norm_eps is no positive number");
  }
}

ClipTextConfig read_config(const json& document) {
  const std::string type = document.value("model_type", "clip_text_model");
  if (type != "clip" && type != "clip_text_model") {
    throw DataError(fmt::format("model_type is '{}'; wanted clip or clip_text_model", type));
  }
  ClipTextConfig config;
  const bool is_whole_model = type == "clip" || document.contains("text_config");
  if (!is_whole_model) {
    read_text_settings(document, config);
    return config;
  }
  for (const char* key : {"text_config", "text_config_dict"}) {
    const auto found = document.find(key);
    if (found != document.end() && !found->is_null()) read_text_settings(*found, config);
  }
  // A whole model projects both towers to the width that it states itself.
  config.projection_dim = ClipTextConfig().projection_dim;
  if (document.contains("projection_dim")) {
    read_text_settings({{"projection_dim", document.at("projection_dim")}}, config);
  }
  return config;
}

}  // namespace

ClipTextConfig parse_clip_text_config(const std::string& text, const std::string& origin) {
  try {
    const json document = json::parse(text);
    if (!document.is_object()) throw DataError("it is no JSON object");
    const ClipTextConfig config = read_config(document);
    check(config);
    return config;
  } catch (const json::exception& error) {
    throw DataError(fmt::format("{}: {}", origin, error.what()));
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", origin, error.what()));
  }
}

std::map<std::string, std::string> parse_weight_index(const std::string& text, const std::string& origin) {
  try {
    const auto files = json::parse(text).at("weight_map").get<std::map<std::string, std::string>>();
    if (files.empty()) throw DataError(origin + ": it names no tensor");
    for (const auto& [tensor, file] : files) {
      if (file.empty() || file.find_first_of("/\\") != std::string::npos || file.front() == '.') {
        throw DataError(
            fmt::format("{}: tensor '{}' stands in '{}', which is no plain file name", origin, tensor, file));
      }
    }
    return files;
  } catch (const json::exception& error) {
    throw DataError(fmt::format("{}: {}", origin, error.what()));
  }
}

}  // namespace skysense
