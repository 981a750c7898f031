#include "clip/bpe_tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <queue>
#include <tuple>

#include "clip/clip_words.h"
#include "clip/unicode_text.h"
#include "core/error.h"
#include "core/files.h"

namespace skysense {
namespace {

/// A token of a word that is being merged, in a list linked both ways.
struct Symbol {
  int64_t number;
  ptrdiff_t previous, next;  ///< -1 is none
  bool gone = false;         ///< merged into the one before it
};

/// A pair that may merge, at the position of its left token.
struct Candidate {
  int64_t rank;
  ptrdiff_t position;
  int64_t merged;
  /// The lowest rank first, then the leftmost.
  bool operator>(const Candidate& other) const {
    return std::tie(rank, position) > std::tie(other.rank, other.position);
  }
};

/// Merges pairs of neighbours, the most urgent first, until none is left: the order of the `tokenizers` library, in
/// N log N steps where trying every pair each time takes N^2.
void merge_symbols(std::vector<Symbol>& symbols, const BpeVocabulary& vocabulary) {
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates;
  const auto propose = [&](ptrdiff_t left) {
    if (left < 0 || symbols[left].next < 0) return;
    const BpeMerge* merge = vocabulary.merge_of(symbols[left].number, symbols[symbols[left].next].number);
    if (merge != nullptr) candidates.push({merge->rank, left, merge->merged});
  };
  for (ptrdiff_t i = 0; i + 1 < std::ssize(symbols); ++i) propose(i);
  while (!candidates.empty()) {
    const Candidate best = candidates.top();
    candidates.pop();
    Symbol& left = symbols[best.position];
    if (left.gone || left.next < 0) continue;
    Symbol& right = symbols[left.next];
    const BpeMerge* merge = vocabulary.merge_of(left.number, right.number);
    if (merge == nullptr || merge->merged != best.merged) continue;  // a neighbour has merged since
    left.number = best.merged;
    left.next = right.next;
    right.gone = true;
    if (left.next >= 0) symbols[left.next].previous = best.position;
    propose(left.previous);
    propose(best.position);
  }
}

/// Calls `between` for the stretches of text without a special token and `found` for each token, the leftmost first and
/// of two at one place the longer.
template <class View, class Specials, class Text, class Between, class Found>
void split_at_specials(View text, const Specials& specials, Text text_of, Between between, Found found) {
  size_t begin = 0;
  for (size_t at = 0; at < text.size();) {
    const typename Specials::value_type* best = nullptr;
    for (const auto& special : specials) {
      if (text.substr(at).starts_with(text_of(special)) &&
          (best == nullptr || text_of(special).size() > text_of(*best).size())) {
        best = &special;
      }
    }
    if (best == nullptr) {
      ++at;
      continue;
    }
    if (at > begin) between(text.substr(begin, at - begin));
    found(*best);
    begin = at += text_of(*best).size();
  }
  if (begin < text.size()) between(text.substr(begin));
}

/// An optional file's text; empty where it is absent.
std::string text_if_present(const std::filesystem::path& file) {
  return std::filesystem::exists(file) ? read_text_file(file) : std::string();
}

}  // namespace

BpeTokenizer::BpeTokenizer(BpeVocabulary vocabulary, const TokenizerSettings& settings, const std::string& origin)
    : vocabulary_(std::move(vocabulary)) {
  for (const auto& [token, number] : vocabulary_.tokens()) limit_ = std::max(limit_, number + 1);
  const auto number_of = [&](const std::string& text) {
    for (const AddedToken& token : settings.added) {
      if (token.text == text && token.number) return *token.number;
    }
    const int64_t number = vocabulary_.find(text);
    if (number < 0) throw DataError(fmt::format("{}: special token '{}' is not in the vocabulary", origin, text));
    return number;
  };
  for (const AddedToken& token : settings.added) {
    const int64_t number = number_of(token.text);
    const int64_t known = vocabulary_.find(token.text);
    if (number < 0 || number > kMaximumTokenNumber || (known >= 0 && known != number)) {
      throw DataError(fmt::format("{}: added token '{}' has number {}, which is out of range or not the vocabulary's",
                                  origin, token.text, number));
    }
    limit_ = std::max(limit_, number + 1);
    if (token.in_normal_text) {
      in_normal_text_.push_back({normalise_text(token.text), number});
    } else {
      in_raw_text_.emplace_back(token.text, number);
    }
  }
  start_ = number_of(settings.start);
  end_ = number_of(settings.end);
  padding_ = number_of(settings.padding);
  const int64_t unknown = number_of(settings.unknown);
  for (size_t byte = 0; byte < 256; ++byte) {
    const std::string& character = byte_characters()[byte];
    const int64_t inner = vocabulary_.find(character), last = vocabulary_.find(character + kEndOfWord);
    inner_[byte] = inner < 0 ? unknown : inner;
    last_[byte] = last < 0 ? unknown : last;
  }
}

std::vector<int64_t> BpeTokenizer::tokenize(std::string_view text) const {
  if (text.size() > kMaximumTextBytes) normalise_text(text);  // refuses it
  std::vector<int64_t> numbers;
  tokenize_raw(text, numbers);
  return numbers;
}

void BpeTokenizer::tokenize_raw(std::string_view text, std::vector<int64_t>& numbers) const {
  // Each stretch is normalised by itself: a mark after a special token does not join it.
  split_at_specials(
      text, in_raw_text_, [](const auto& special) { return std::string_view(special.first); },
      [&](std::string_view stretch) { tokenize_normal(normalise_text(stretch), numbers); },
      [&](const auto& special) { numbers.push_back(special.second); });
}

void BpeTokenizer::tokenize_normal(std::u32string_view text, std::vector<int64_t>& numbers) const {
  split_at_specials(
      text, in_normal_text_, [](const Special& special) { return std::u32string_view(special.text); },
      [&](std::u32string_view stretch) { tokenize_words(stretch, numbers); },
      [&](const Special& special) { numbers.push_back(special.number); });
}

void BpeTokenizer::tokenize_words(std::u32string_view text, std::vector<int64_t>& numbers) const {
  for (const auto word : clip_words(text)) tokenize_word(word, numbers);
}

void BpeTokenizer::tokenize_word(std::u32string_view word, std::vector<int64_t>& numbers) const {
  const std::string bytes = utf8_of(word);
  std::vector<Symbol> symbols;
  symbols.reserve(bytes.size());
  for (ptrdiff_t i = 0; i < std::ssize(bytes); ++i) {
    const bool is_last = i + 1 == std::ssize(bytes);
    const auto byte = static_cast<unsigned char>(bytes[i]);
    symbols.push_back(
        {.number = is_last ? last_[byte] : inner_[byte], .previous = i - 1, .next = is_last ? -1 : i + 1});
  }
  merge_symbols(symbols, vocabulary_);
  for (const Symbol& symbol : symbols) {
    if (!symbol.gone) numbers.push_back(symbol.number);
  }
}

std::vector<int64_t> BpeTokenizer::encode(std::string_view text, int64_t context_length) const {
  if (context_length < 2) throw std::logic_error("a context must hold the start and the end token");
  std::vector<int64_t> numbers = {start_};
  const std::vector<int64_t> content = tokenize(text);
  const auto kept = std::min(std::ssize(content), static_cast<ptrdiff_t>(context_length) - 2);
  numbers.insert(numbers.end(), content.begin(), content.begin() + kept);
  numbers.push_back(end_);
  numbers.resize(static_cast<size_t>(context_length), padding_);
  return numbers;
}

BpeTokenizer read_bpe_tokenizer(const std::filesystem::path& folder) {
  const auto vocabulary = folder / "vocab.json", merges = folder / "merges.txt";
  for (const auto& file : {vocabulary, merges}) {
    if (!std::filesystem::exists(file)) {
      throw DataError(
          fmt::format("{}: missing; a CLIP folder of Hugging Face has it beside config.json", file.string()));
    }
  }
  const TokenizerSettings settings =
      parse_tokenizer_settings({.config = text_if_present(folder / "tokenizer_config.json"),
                                .special_tokens = text_if_present(folder / "special_tokens_map.json"),
                                .tokenizer = text_if_present(folder / "tokenizer.json")},
                               folder);
  return BpeTokenizer(
      BpeVocabulary(read_text_file(vocabulary), read_text_file(merges), vocabulary.string(), merges.string()), settings,
      vocabulary.string());
}

}  // namespace skysense
