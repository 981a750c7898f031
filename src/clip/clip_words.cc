#include "clip/clip_words.h"

#include <array>
#include <cstddef>

#include "clip/unicode_text.h"

namespace skysense {
namespace {

constexpr std::array<std::u32string_view, 7> kContractions = {U"'s", U"'t", U"'re", U"'ve", U"'m", U"'ll", U"'d"};
// A marker of start or end that is no special token is three words: brackets, letters, brackets.
constexpr std::array<std::u32string_view, 2> kMarkers = {U"<|startoftext|>", U"<|endoftext|>"};
constexpr size_t kBracket = 2;

/// Length of the run of one class at the start.
size_t run_length(std::u32string_view text, CharacterClass wanted) {
  size_t length = 1;
  while (length < text.size() && character_class(text[length]) == wanted) ++length;
  return length;
}

size_t word_length(std::u32string_view text) {
  for (const auto contraction : kContractions) {
    if (text.starts_with(contraction)) return contraction.size();
  }
  const CharacterClass first = character_class(text.front());
  return first == CharacterClass::kNumber ? 1 : run_length(text, first);
}

}  // namespace

std::vector<std::u32string_view> clip_words(std::u32string_view text) {
  std::vector<std::u32string_view> words;
  const auto take = [&](size_t length) {
    words.push_back(text.substr(0, length));
    text.remove_prefix(length);
  };
  while (!text.empty()) {
    if (character_class(text.front()) == CharacterClass::kSpace) {
      text.remove_prefix(1);
      continue;
    }
    bool is_marker = false;
    for (const auto marker : kMarkers) {
      if (!text.starts_with(marker)) continue;
      take(kBracket);
      take(marker.size() - 2 * kBracket);
      take(kBracket);
      is_marker = true;
      break;
    }
    if (!is_marker) take(word_length(text));
  }
  return words;
}

}  // namespace skysense
