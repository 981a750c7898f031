#include "clip/unicode_text.h"

#include <fmt/format.h>
#include <utf8proc.h>

#include <cstdlib>
#include <memory>

#include "core/error.h"

namespace skysense {
namespace {

using Utf8Bytes = std::unique_ptr<utf8proc_uint8_t, decltype(&std::free)>;

std::string_view composed(std::string_view text, Utf8Bytes& owner) {
  utf8proc_uint8_t* bytes = nullptr;
  const auto length =
      utf8proc_map(reinterpret_cast<const utf8proc_uint8_t*>(text.data()), static_cast<utf8proc_ssize_t>(text.size()),
                   &bytes, static_cast<utf8proc_option_t>(UTF8PROC_STABLE | UTF8PROC_COMPOSE));
  if (length < 0) throw DataError(fmt::format("text of {} bytes is not UTF-8; save its file as UTF-8", text.size()));
  owner.reset(bytes);
  return {reinterpret_cast<const char*>(bytes), static_cast<size_t>(length)};
}

}  // namespace

CharacterClass character_class(char32_t character) {
  // The controls that Unicode counts as white space; the others (U+001C, U+200B, …) are not.
  if ((character >= U'\t' && character <= U'\r') || character == U'\u0085') return CharacterClass::kSpace;
  switch (utf8proc_category(static_cast<utf8proc_int32_t>(character))) {
    case UTF8PROC_CATEGORY_ZS:
    case UTF8PROC_CATEGORY_ZL:
    case UTF8PROC_CATEGORY_ZP:
      return CharacterClass::kSpace;
    case UTF8PROC_CATEGORY_LU:
    case UTF8PROC_CATEGORY_LL:
    case UTF8PROC_CATEGORY_LT:
    case UTF8PROC_CATEGORY_LM:
    case UTF8PROC_CATEGORY_LO:
      return CharacterClass::kLetter;
    case UTF8PROC_CATEGORY_ND:
    case UTF8PROC_CATEGORY_NL:
    case UTF8PROC_CATEGORY_NO:
      return CharacterClass::kNumber;
    default:
      return CharacterClass::kOther;
  }
}

std::u32string normalise_text(std::string_view text) {
  if (text.size() > kMaximumTextBytes) {
    throw DataError(fmt::format("text of {} bytes is too long; at most {} are taken", text.size(), kMaximumTextBytes));
  }
  Utf8Bytes owner(nullptr, &std::free);
  const std::string_view bytes = composed(text, owner);
  std::u32string normal;
  normal.reserve(bytes.size());
  for (size_t at = 0; at < bytes.size();) {
    utf8proc_int32_t character = 0;
    at += static_cast<size_t>(utf8proc_iterate(reinterpret_cast<const utf8proc_uint8_t*>(bytes.data()) + at,
                                               static_cast<utf8proc_ssize_t>(bytes.size() - at), &character));
    if (character_class(static_cast<char32_t>(character)) == CharacterClass::kSpace) {
      if (normal.empty() || normal.back() != U' ') normal.push_back(U' ');
    } else if (character == 0x130) {
      normal += U"i\u0307";  // the one lower case of two characters; utf8proc knows the simple mappings only
    } else {
      normal.push_back(static_cast<char32_t>(utf8proc_tolower(character)));
    }
  }
  return normal;
}

std::string utf8_of(std::u32string_view text) {
  std::string bytes;
  for (const char32_t character : text) {
    utf8proc_uint8_t buffer[4];
    const auto length = utf8proc_encode_char(static_cast<utf8proc_int32_t>(character), buffer);
    bytes.append(reinterpret_cast<const char*>(buffer), static_cast<size_t>(length));
  }
  return bytes;
}

}  // namespace skysense
