#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace skysense {

/// A token that is looked for in a text before the text is split into words.
struct AddedToken {
  std::string text;
  std::optional<int64_t> number;  ///< none: the vocabulary's
  bool in_normal_text = false;    ///< looked for after normalisation, so in any case; else in the text as it came
};

/// What a CLIP folder says of its tokenizer beside vocabulary and merges; the defaults are CLIPTokenizer's.
struct TokenizerSettings {
  std::string start = "<|startoftext|>", end = "<|endoftext|>", unknown = "<|endoftext|>";
  std::string padding = "<|endoftext|>";
  std::vector<AddedToken> added;  ///< with the four above, each text once
};

/// The texts of the files that say it; an absent file's text is empty.
struct TokenizerDocuments {
  std::string config;          ///< tokenizer_config.json
  std::string special_tokens;  ///< special_tokens_map.json, looked at where the first has no `added_tokens_decoder`
  std::string tokenizer;       ///< tokenizer.json, whose `added_tokens` are looked at in the same case
};

/// Reads them as transformers 5 does. Where several roles share a token and the files do not list it, it is looked for
/// in normal text only if every role says so. `pad_token: null` pads with the end. Throws DataError that starts with
/// `folder` and names the file, where a document is no JSON of the expected form or wants what is not done here: tokens
/// that strip blanks beside them, or match whole words only.
TokenizerSettings parse_tokenizer_settings(const TokenizerDocuments& documents, const std::filesystem::path& folder);

}  // namespace skysense
