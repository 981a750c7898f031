#include "clip/bpe_tokenizer.h"
#include "clip/clip_text_config.h"
#include "clip/clip_words.h"
#include "clip/unicode_text.h"
#include "fuzz/target.h"
#include "tests/clip/small_vocabulary.h"

namespace {

using skysense::fuzz::refuses_or_reads;

constexpr char kSeparator = '\x1e';
constexpr int64_t kContext = 16;

/// Reads a vocabulary, merges, settings and a text that stand behind one another; every number must be below the limit.
void tokenize_by_its_own_files(const std::string& input) {
  std::array<std::string, 4> parts;
  size_t begin = 0;
  for (std::string& part : parts) {
    const size_t end = std::min(input.find(kSeparator, begin), input.size());
    part = input.substr(begin, end - begin);
    begin = std::min(end + 1, input.size());
  }
  const skysense::BpeTokenizer tokenizer(
      skysense::BpeVocabulary(parts[0], parts[1], "vocab.json", "merges.txt"),
      skysense::parse_tokenizer_settings({.config = parts[2], .special_tokens = {}, .tokenizer = {}}, "fuzz"),
      "vocab.json");
  for (const int64_t number : tokenizer.encode(parts[3], kContext)) {
    if (number < 0 || number >= tokenizer.limit()) __builtin_trap();
  }
}

/// Text in the alphabet of the tokens, without the blanks between its words.
std::string spelled(const std::string& text) {
  std::string spelling;
  const std::u32string normal = skysense::normalise_text(text);
  for (const auto word : skysense::clip_words(normal)) {
    for (const char byte : skysense::utf8_of(word)) {
      spelling += skysense::byte_characters()[static_cast<unsigned char>(byte)];
    }
  }
  return spelling;
}

const std::vector<std::string> kMerges = {"a b", "b c</w>", "a a", "aa aa", "Ã ©</w>", "' s</w>", "! !"};

std::map<int64_t, std::string> token_texts() {
  std::map<int64_t, std::string> texts;
  const auto vocabulary = nlohmann::json::parse(skysense::testing::small_vocabulary(kMerges));
  for (const auto& [token, number] : vocabulary.items()) {
    texts[number] = token.ends_with(skysense::kEndOfWord) ? token.substr(0, token.size() - 4) : token;
  }
  return texts;
}

/// Nothing is lost: the tokens of a text spell it.
void tokenize_by_a_small_vocabulary(const std::string& text) {
  static const auto tokenizer = skysense::testing::small_tokenizer(kMerges);
  static const auto texts = token_texts();
  const auto encoded = tokenizer.encode(text, kContext);
  if (encoded.size() != kContext || encoded.front() != tokenizer.start()) __builtin_trap();
  if (std::find(encoded.begin(), encoded.end(), tokenizer.end()) == encoded.end()) __builtin_trap();
  if (text.find("<|startoftext|>") != std::string::npos || text.find("<|endoftext|>") != std::string::npos) return;
  std::string spelling;
  for (const int64_t number : tokenizer.tokenize(text)) spelling += texts.at(number);
  if (spelling != spelled(text)) __builtin_trap();
}

}  // namespace

/// The files of a CLIP folder but its weights, and texts for its tokenizer.
extern "C" int LLVMFuzzerTestOneInput(const uint8_t* bytes, size_t size) {
  const std::string text = skysense::fuzz::text_of(bytes, size);
  refuses_or_reads([&] {
    const auto config = skysense::parse_clip_text_config(text, "fuzz");
    if (config.dim % config.heads != 0 || config.context < 2 || !(config.layer_norm_eps > 0)) __builtin_trap();
  });
  refuses_or_reads([&] {
    for (const auto& [tensor, file] : skysense::parse_weight_index(text, "fuzz")) {
      if (file.find('/') != std::string::npos || file == "..") __builtin_trap();
    }
  });
  refuses_or_reads([&] { skysense::parse_tokenizer_settings({{}, text, {}}, "fuzz"); });
  refuses_or_reads([&] { skysense::parse_tokenizer_settings({{}, {}, text}, "fuzz"); });
  refuses_or_reads([&] { tokenize_by_its_own_files(text); });
  return refuses_or_reads([&] { tokenize_by_a_small_vocabulary(text); });
}
