#include "text/clip_text_encoder.h"

#include <ATen/ops/scaled_dot_product_attention.h>
#include <ATen/ops/sigmoid.h>
#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "core/safetensors.h"
#include "engine/weights.h"

namespace skysense {
namespace {

constexpr int64_t kLegacyEndToken = 2;  // see ClipTextConfig::end_token

torch::nn::LayerNorm layer_norm(const ClipTextConfig& config) {
  return torch::nn::LayerNorm(torch::nn::LayerNormOptions({config.dim}).eps(config.layer_norm_eps));
}

/// Where each row is read out, int64 [B].
torch::Tensor end_positions(const torch::Tensor& tokens, int64_t end_token) {
  if (end_token == kLegacyEndToken) return tokens.argmax(1);
  const auto is_end = tokens == end_token;
  TORCH_CHECK_VALUE(is_end.any(1).all().item<bool>(), "a text lacks its end token ", end_token);
  return is_end.to(torch::kInt).argmax(1);  // the first of equal ones: padding may be the end token too
}

}  // namespace

ClipTextEmbeddingsImpl::ClipTextEmbeddingsImpl(const ClipTextConfig& config)
    : token_embedding_(register_module("token_embedding", torch::nn::Embedding(config.vocabulary, config.dim))),
      position_embedding_(register_module("position_embedding", torch::nn::Embedding(config.context, config.dim))) {}

torch::Tensor ClipTextEmbeddingsImpl::forward(const torch::Tensor& tokens) {
  const int64_t length = tokens.size(1), context = position_embedding_->weight.size(0);
  TORCH_CHECK_VALUE(length <= context, "a text of ", length, " tokens is longer than the context of ", context);
  return token_embedding_(tokens) + position_embedding_->weight.narrow(0, 0, length);
}

ClipAttentionImpl::ClipAttentionImpl(const ClipTextConfig& config)
    : heads_(config.heads),
      k_proj_(register_module("k_proj", Projection(config.dim, config.dim))),
      v_proj_(register_module("v_proj", Projection(config.dim, config.dim))),
      q_proj_(register_module("q_proj", Projection(config.dim, config.dim))),
      out_proj_(register_module("out_proj", Projection(config.dim, config.dim))) {}

torch::Tensor ClipAttentionImpl::forward(const torch::Tensor& sequence) {
  const auto by_head = [&](const torch::Tensor& x) {
    return x.unflatten(2, {heads_, x.size(2) / heads_}).transpose(1, 2);  // [B, heads, N, C / heads]
  };
  const auto mixed = at::scaled_dot_product_attention(by_head(q_proj_(sequence)), by_head(k_proj_(sequence)),
                                                      by_head(v_proj_(sequence)), /*attn_mask=*/{}, /*dropout_p=*/0,
                                                      /*is_causal=*/true);
  return out_proj_(mixed.transpose(1, 2).flatten(2));
}

ClipMlpImpl::ClipMlpImpl(const ClipTextConfig& config)
    : exact_gelu_(config.exact_gelu),
      fc1_(register_module("fc1", Projection(config.dim, config.mlp_dim))),
      fc2_(register_module("fc2", Projection(config.mlp_dim, config.dim))) {}

torch::Tensor ClipMlpImpl::forward(const torch::Tensor& tokens) {
  if (exact_gelu_) return fc2_(fc1_(tokens, Activation::kGelu));
  const auto x = fc1_(tokens);
  return fc2_(x * at::sigmoid(1.702 * x));
}

ClipTextLayerImpl::ClipTextLayerImpl(const ClipTextConfig& config)
    : self_attn_(register_module("self_attn", ClipAttention(config))),
      layer_norm1_(register_module("layer_norm1", layer_norm(config))),
      mlp_(register_module("mlp", ClipMlp(config))),
      layer_norm2_(register_module("layer_norm2", layer_norm(config))) {}

torch::Tensor ClipTextLayerImpl::forward(const torch::Tensor& sequence) {
  const auto x = sequence + self_attn_(layer_norm1_(sequence));
  return x + mlp_(layer_norm2_(x));
}

ClipTextEncoderImpl::ClipTextEncoderImpl(const ClipTextConfig& config)
    : config_(config),
      embeddings_(register_module("embeddings", ClipTextEmbeddings(config))),
      layers_(register_module("layers", torch::nn::ModuleList())),
      final_layer_norm_(register_module("final_layer_norm", layer_norm(config))),
      text_projection_(register_module(
          "text_projection", Projection(torch::nn::LinearOptions(config.dim, config.projection_dim).bias(false)))) {
  for (int64_t i = 0; i < config.layers; ++i) layers_->push_back(ClipTextLayer(config));
}

torch::Tensor ClipTextEncoderImpl::forward(const torch::Tensor& tokens) {
  auto sequence = embeddings_(tokens);
  for (const auto& layer : *layers_) sequence = layer->as<ClipTextLayerImpl>()->forward(sequence);
  const auto at = end_positions(tokens, config_.end_token).view({-1, 1, 1}).expand({-1, 1, config_.dim});
  return text_projection_(final_layer_norm_(sequence.gather(1, at).squeeze(1)));
}

std::vector<std::filesystem::path> clip_weight_files(const std::filesystem::path& folder) {
  const auto whole = folder / "model.safetensors", index = folder / "model.safetensors.index.json";
  if (std::filesystem::exists(whole)) return {whole};
  if (!std::filesystem::exists(index)) {
    throw DataError(fmt::format(
        "{}: holds no model.safetensors and no model.safetensors.index.json; other forms of weights are not read",
        folder.string()));
  }
  std::set<std::filesystem::path> files;
  for (const auto& [tensor, file] : parse_weight_index(read_text_file(index), index.string()))
    files.insert(folder / file);
  return {files.begin(), files.end()};
}

ClipTextEncoder load_clip_text_encoder(const std::filesystem::path& folder) {
  const auto config_file = folder / "config.json";
  const auto files = clip_weight_files(folder);
  const ClipTextConfig config = parse_clip_text_config(read_text_file(config_file), config_file.string());
  // A folder of the bare text tower may leave out the prefix.
  const bool is_prefixed = std::any_of(files.begin(), files.end(), [](const auto& file) {
    return SafetensorsFile(file).find("text_model.final_layer_norm.weight") != nullptr;
  });
  const std::string tower = is_prefixed ? "text_model." : "";
  ClipTextEncoder encoder(config);
  NamedTensors into;
  for (const auto& [name, tensor] : named_tensors(*encoder)) {
    if (name.starts_with("text_projection.")) {
      into[name] = tensor;
    } else {
      into[tower + (name.starts_with("layers.") ? "encoder." : "") + name] = tensor;
    }
  }
  // Listed one by one, so that the image tower and the position numbers of older files are left out.
  load_tensors_into(files, into,
                    {.only_prefixes = {tower + "embeddings.token_embedding.", tower + "embeddings.position_embedding.",
                                       tower + "encoder.", tower + "final_layer_norm.", "text_projection."}});
  encoder->eval();
  for (auto& parameter : encoder->parameters()) parameter.requires_grad_(false);
  return encoder;
}

}  // namespace skysense
