#pragma once

#include <string_view>
#include <vector>

namespace skysense {

/// The words of normal text (see normalise_text) that are encoded one by one; what lies between them is white space.
/// Equals the pattern <\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+ of
/// transformers 5, whose first two matches its byte-level step then splits at the letters. The views point into `text`.
std::vector<std::u32string_view> clip_words(std::u32string_view text);

}  // namespace skysense
