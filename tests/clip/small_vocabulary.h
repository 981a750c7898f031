#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "clip/bpe_tokenizer.h"

namespace skysense::testing {

/// vocab.json of every byte, every byte that ends a word, what the merges make, and start and end.
inline std::string small_vocabulary(const std::vector<std::string>& merges) {
  nlohmann::json numbers = nlohmann::json::object();
  const auto add = [&](const std::string& token) { numbers.emplace(token, numbers.size()); };
  for (const std::string& character : byte_characters()) add(character);
  for (const std::string& character : byte_characters()) add(character + kEndOfWord);
  for (std::string merge : merges) add(merge.erase(merge.find(' '), 1));
  add("<|startoftext|>");
  add("<|endoftext|>");
  return numbers.dump();
}

inline std::string merges_text(const std::vector<std::string>& merges) {
  std::string text = "#version: 0.2\n";
  for (const std::string& merge : merges) text += merge + "\n";
  return text;
}

inline BpeTokenizer small_tokenizer(const std::vector<std::string>& merges, const TokenizerSettings& settings) {
  return BpeTokenizer(BpeVocabulary(small_vocabulary(merges), merges_text(merges), "vocab.json", "merges.txt"),
                      settings, "vocab.json");
}

/// With the default special tokens.
inline BpeTokenizer small_tokenizer(const std::vector<std::string>& merges) {
  return small_tokenizer(merges, parse_tokenizer_settings({}, "clip"));
}

}  // namespace skysense::testing
