#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace skysense {

/// Longest text that is taken, in bytes: putting combining marks in order takes quadratic time.
constexpr size_t kMaximumTextBytes = 65536;

/// What a character is to CLIP's word pattern: \s, \p{L}, \p{N} or none of them.
enum class CharacterClass { kSpace, kLetter, kNumber, kOther };
CharacterClass character_class(char32_t character);

/// UTF-8 text as the `tokenizers` library's normaliser of CLIP leaves it: Unicode normal form C, each run of white
/// space one blank, then every character in lower case by itself (U+0130 becomes two; a final sigma is not looked for).
/// Throws DataError for bytes that are not UTF-8 and for text longer than kMaximumTextBytes.
std::u32string normalise_text(std::string_view text);

/// UTF-8 of a sequence of characters.
std::string utf8_of(std::u32string_view text);

}  // namespace skysense
