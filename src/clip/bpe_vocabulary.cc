#include "clip/bpe_vocabulary.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>
#include <sstream>
#include <unordered_set>

#include "clip/unicode_text.h"
#include "core/error.h"

namespace skysense {
namespace {

uint64_t key_of(int64_t left, int64_t right) {
  return static_cast<uint64_t>(left) << 32 | static_cast<uint64_t>(right);
}

std::unordered_map<std::string, int64_t> parse_tokens(const std::string& text, const std::string& origin) {
  const auto document = nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!document.is_object()) throw DataError(origin + ": no JSON object of tokens and their numbers");
  std::unordered_map<std::string, int64_t> tokens;
  std::unordered_set<int64_t> met;
  for (const auto& [token, number] : document.items()) {
    if (!number.is_number_unsigned() || number.get<uint64_t>() > static_cast<uint64_t>(kMaximumTokenNumber)) {
      throw DataError(
          fmt::format("{}: token '{}' has no whole number from 0 to {}", origin, token, kMaximumTokenNumber));
    }
    const int64_t value = number.get<int64_t>();
    if (!met.insert(value).second) throw DataError(fmt::format("{}: number {} stands twice", origin, value));
    tokens.emplace(token, value);
  }
  if (tokens.empty()) throw DataError(origin + ": it holds no token");
  return tokens;
}

}  // namespace

BpeVocabulary::BpeVocabulary(const std::string& vocabulary, const std::string& merges,
                             const std::string& vocabulary_origin, const std::string& merges_origin)
    : tokens_(parse_tokens(vocabulary, vocabulary_origin)) {
  std::istringstream lines(merges);
  std::string line;
  for (int64_t number = 1; std::getline(lines, line); ++number) {
    if (!line.empty() && line.back() == '\r') line.pop_back();
    if (number == 1 && line.starts_with("#version")) continue;
    if (line.empty() && lines.peek() == std::istringstream::traits_type::eof()) break;
    add_merge(line, fmt::format("{}:{}", merges_origin, number));
  }
}

void BpeVocabulary::add_merge(const std::string& line, const std::string& where) {
  const size_t blank = line.find(' ');
  if (blank == std::string::npos || blank == 0 || blank + 1 == line.size() || line.find(' ', blank + 1) != line.npos) {
    throw DataError(fmt::format("{}: wanted two tokens with a blank between them, found '{}'", where, line));
  }
  const auto number_of = [&](const std::string& token) {
    const int64_t number = find(token);
    if (number < 0) throw DataError(fmt::format("{}: token '{}' is not in the vocabulary", where, token));
    return number;
  };
  const std::string left = line.substr(0, blank), right = line.substr(blank + 1);
  const BpeMerge merge{.rank = static_cast<int64_t>(merges_.size()), .merged = number_of(left + right)};
  if (!merges_.emplace(key_of(number_of(left), number_of(right)), merge).second) {
    throw DataError(fmt::format("{}: the pair '{}' stands twice", where, line));
  }
}

int64_t BpeVocabulary::find(const std::string& token) const {
  const auto found = tokens_.find(token);
  return found == tokens_.end() ? -1 : found->second;
}

const BpeMerge* BpeVocabulary::merge_of(int64_t left, int64_t right) const {
  const auto found = merges_.find(key_of(left, right));
  return found == merges_.end() ? nullptr : &found->second;
}

const std::vector<std::string>& byte_characters() {
  static const std::vector<std::string> characters = [] {
    std::vector<std::string> table;
    char32_t next = 0x100;
    for (char32_t byte = 0; byte < 256; ++byte) {
      const bool printable = (byte > 0x20 && byte < 0x7F) || (byte > 0xA0 && byte != 0xAD);
      table.push_back(utf8_of(std::u32string(1, printable ? byte : next++)));
    }
    return table;
  }();
  return characters;
}

}  // namespace skysense
