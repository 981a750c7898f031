#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace skysense {

/// Sizes of CLIP's text encoder; the defaults are those of transformers' CLIPTextConfig (ViT-B/32).
struct ClipTextConfig {
  int64_t vocabulary = 49408;  ///< rows of the token embedding
  int64_t dim = 512;           ///< width C, a multiple of `heads`
  int64_t mlp_dim = 2048;      ///< hidden width of the MLPs
  int64_t layers = 12;
  int64_t heads = 8;
  int64_t context = 77;          ///< tokens of a text, start and end among them
  int64_t projection_dim = 512;  ///< width D of a text's vector
  bool exact_gelu = false;       ///< GELU, else x * sigmoid(1.702 x) ("quick_gelu")
  double layer_norm_eps = 1e-5;
  /// The token whose first place in a text is read out. 2 is the mark of older folders: the place of the largest
  /// number.
  int64_t end_token = 49407;
};

/// Reads `config.json` of a Hugging Face folder: that of a whole CLIPModel ("text_config" within; "text_config_dict" of
/// older ones wins over it) or of a CLIPTextModelWithProjection. Throws DataError that starts with `origin` and names
/// the key, where it is another model's or a value makes no sense.
ClipTextConfig parse_clip_text_config(const std::string& text, const std::string& origin);

/// The files that hold the tensors of a sharded model, from `model.safetensors.index.json`: tensor name to file name in
/// the same folder. Throws DataError that starts with `origin`, also for a file name with a path in it.
std::map<std::string, std::string> parse_weight_index(const std::string& text, const std::string& origin);

}  // namespace skysense
