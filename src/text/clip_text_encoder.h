#pragma once

#include <torch/nn/module.h>
#include <torch/nn/modules/container/modulelist.h>
#include <torch/nn/modules/embedding.h>
#include <torch/nn/modules/normalization.h>
#include <torch/types.h>

#include <filesystem>

#include "clip/clip_text_config.h"
#include "model/projection.h"

namespace skysense {

/// Token and position embedding.
class ClipTextEmbeddingsImpl : public torch::nn::Module {
 public:
  explicit ClipTextEmbeddingsImpl(const ClipTextConfig& config);
  /// tokens int64 [B, N], N <= context -> [B, N, C].
  torch::Tensor forward(const torch::Tensor& tokens);

 private:
  torch::nn::Embedding token_embedding_, position_embedding_;
};
TORCH_MODULE(ClipTextEmbeddings);

/// Self-attention of each token over itself and those before it.
class ClipAttentionImpl : public torch::nn::Module {
 public:
  explicit ClipAttentionImpl(const ClipTextConfig& config);
  /// sequence [B, N, C] -> [B, N, C].
  torch::Tensor forward(const torch::Tensor& sequence);

 private:
  const int64_t heads_;
  Projection k_proj_, v_proj_, q_proj_, out_proj_;
};
TORCH_MODULE(ClipAttention);

/// Linear, GELU (exact, or CLIP's x * sigmoid(1.702 x)), linear.
class ClipMlpImpl : public torch::nn::Module {
 public:
  explicit ClipMlpImpl(const ClipTextConfig& config);
  torch::Tensor forward(const torch::Tensor& tokens);

 private:
  const bool exact_gelu_;
  Projection fc1_, fc2_;
};
TORCH_MODULE(ClipMlp);

/// Pre-norm transformer layer with a causal mask.
class ClipTextLayerImpl : public torch::nn::Module {
 public:
  explicit ClipTextLayerImpl(const ClipTextConfig& config);
  /// sequence [B, N, C] -> [B, N, C].
  torch::Tensor forward(const torch::Tensor& sequence);

 private:
  ClipAttention self_attn_;
  torch::nn::LayerNorm layer_norm1_;
  ClipMlp mlp_;
  torch::nn::LayerNorm layer_norm2_;
};
TORCH_MODULE(ClipTextLayer);

/// CLIP's text encoder with its projection, frozen (Radford et al. 2021, sec. 2.4; paper App. A.2). Parameters have the
/// names of transformers' CLIPTextModelWithProjection, without "text_model." and "encoder.".
class ClipTextEncoderImpl : public torch::nn::Module {
 public:
  explicit ClipTextEncoderImpl(const ClipTextConfig& config);
  /// tokens int64 [B, N], N <= context, each row with its end token; what follows it does not matter -> [B, D], not
  /// normalised. Throws c10::ValueError for a row without an end token.
  torch::Tensor forward(const torch::Tensor& tokens);
  const ClipTextConfig& config() const { return config_; }

 private:
  const ClipTextConfig config_;
  ClipTextEmbeddings embeddings_;
  torch::nn::ModuleList layers_;
  torch::nn::LayerNorm final_layer_norm_;
  Projection text_projection_;
};
TORCH_MODULE(ClipTextEncoder);

/// The encoder of a Hugging Face CLIP folder: config.json, and model.safetensors or the shards that
/// model.safetensors.index.json names, in any element type; the image tower's tensors are not looked at. Float32 on the
/// CPU, without gradients. Throws DataError naming the file and what is missing, unexpected or of another shape.
ClipTextEncoder load_clip_text_encoder(const std::filesystem::path& folder);

/// The files of a CLIP folder that hold tensors. Throws DataError where there are none.
std::vector<std::filesystem::path> clip_weight_files(const std::filesystem::path& folder);

}  // namespace skysense
