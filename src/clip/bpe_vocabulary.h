#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace skysense {

/// Largest number of a token: two fit the key of a pair, and no embedding has more rows.
constexpr int64_t kMaximumTokenNumber = (1 << 24) - 1;

/// One rule of a byte-pair encoding: `left` followed by `right` becomes `merged`. The rules of lower rank come first.
struct BpeMerge {
  int64_t rank, merged;
};

/// Tokens and merges of a byte-level byte-pair encoding in CLIP's form: a token is text in GPT-2's alphabet of 256
/// printable characters, one a byte, and the tokens that end a word end in "</w>".
class BpeVocabulary {
 public:
  /// Texts of `vocab.json` (an object of token to number) and `merges.txt` (an optional line "#version…", then a pair
  /// of tokens a line, the most urgent first). Throws DataError naming the origin and the line or token where a number
  /// is no whole number from 0 up or stands twice, a line is no pair, a pair stands twice, or a token is not in the
  /// vocabulary.
  BpeVocabulary(const std::string& vocabulary, const std::string& merges, const std::string& vocabulary_origin,
                const std::string& merges_origin);

  /// The token's number, or -1.
  int64_t find(const std::string& token) const;
  /// Null where the pair does not merge.
  const BpeMerge* merge_of(int64_t left, int64_t right) const;
  const std::unordered_map<std::string, int64_t>& tokens() const { return tokens_; }

 private:
  void add_merge(const std::string& line, const std::string& where);

  std::unordered_map<std::string, int64_t> tokens_;
  std::unordered_map<uint64_t, BpeMerge> merges_;
};

/// GPT-2's character for each byte, as UTF-8: the byte's own Latin-1 character where it is printable and no blank, else
/// the next of those from U+0100 up (Radford et al. 2019, `bytes_to_unicode`).
const std::vector<std::string>& byte_characters();
/// What ends the last token of a word.
constexpr const char* kEndOfWord = "</w>";

}  // namespace skysense
