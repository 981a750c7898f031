#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "clip/bpe_vocabulary.h"
#include "clip/tokenizer_settings.h"

namespace skysense {

/// CLIP's tokenizer: token for token that of transformers 5's CLIPTokenizer (which is the `tokenizers` library's, once
/// CLIPTokenizerFast), so with NFC and without ftfy; transformers 4's slow one splits accents and Chinese otherwise.
/// Two differences come from tables: that library's NFC leaves combining marks that Unicode got after version 9 where
/// they stand, and here characters that are newer than utf8proc's tables (15.0 in Debian 12) are neither letter nor
/// number. Source: Radford et al. 2021 (CLIP), sec. 2.4; Sennrich et al. 2016 (byte-pair encoding).
class BpeTokenizer {
 public:
  /// Throws DataError that starts with `origin` where a special token is not in the vocabulary or has another number
  /// there.
  BpeTokenizer(BpeVocabulary vocabulary, const TokenizerSettings& settings, const std::string& origin);

  /// Token numbers of UTF-8 text, without start and end. Throws DataError for what normalise_text refuses.
  std::vector<int64_t> tokenize(std::string_view text) const;
  /// The same between start and end and padded to `context_length` >= 2 numbers; what does not fit is cut off before
  /// the end token.
  std::vector<int64_t> encode(std::string_view text, int64_t context_length) const;

  int64_t start() const { return start_; }
  int64_t end() const { return end_; }
  int64_t padding() const { return padding_; }
  /// All numbers are below.
  int64_t limit() const { return limit_; }

 private:
  struct Special {
    std::u32string text;
    int64_t number;
  };
  void tokenize_raw(std::string_view text, std::vector<int64_t>& numbers) const;
  void tokenize_normal(std::u32string_view text, std::vector<int64_t>& numbers) const;
  void tokenize_words(std::u32string_view text, std::vector<int64_t>& numbers) const;
  void tokenize_word(std::u32string_view word, std::vector<int64_t>& numbers) const;

  BpeVocabulary vocabulary_;
  std::vector<std::pair<std::string, int64_t>> in_raw_text_;
  std::vector<Special> in_normal_text_;
  std::array<int64_t, 256> inner_, last_;  ///< a byte's token within a word, and at its end
  int64_t start_, end_, padding_;
  int64_t limit_ = 0;
};

/// The tokenizer of a Hugging Face CLIP folder: vocab.json and merges.txt, and what tokenizer_config.json,
/// special_tokens_map.json and tokenizer.json say of special tokens. Throws DataError naming the file and the fix.
BpeTokenizer read_bpe_tokenizer(const std::filesystem::path& folder);

}  // namespace skysense
