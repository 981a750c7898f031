#include "core/osm_tags.h"

#include <charconv>
#include <cmath>
#include <vector>

namespace skysense {
namespace {

constexpr double kFoot_m = 0.3048, kMile_m = 1609.344;

/// Takes `expected` from the front of `text`.
bool take(std::string_view& text, std::string_view expected) {
  if (!text.starts_with(expected)) return false;
  text.remove_prefix(expected.size());
  return true;
}

/// Takes a quoted text from the front.
std::optional<std::string> take_quoted(std::string_view& text) {
  if (!take(text, "\"")) return std::nullopt;
  std::string value;
  while (!text.empty()) {
    const char c = text.front();
    text.remove_prefix(1);
    if (c == '"') return value;
    if (c != '\\') {
      value += c;
    } else if (!text.empty()) {
      value += text.front();
      text.remove_prefix(1);
    }
  }
  return std::nullopt;
}

void skip_spaces(std::string_view& text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
}

/// Takes a plain decimal number from the front.
std::optional<double> take_number(std::string_view& text) {
  skip_spaces(text);
  const size_t length = std::min(text.find_first_not_of("0123456789.,"), text.size());
  std::string digits(text.substr(0, length));
  for (char& c : digits) {
    if (c == ',') c = '.';
  }
  double value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  text.remove_prefix(length);
  skip_spaces(text);
  return value;
}

std::string quoted(const std::string& value) {
  std::string text = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text + '"';
}

}  // namespace

std::optional<OsmTags> parse_hstore(std::string_view text) {
  OsmTags tags;
  while (!text.empty()) {
    auto key = take_quoted(text);
    if (!key || !take(text, "=>")) return std::nullopt;
    auto value = take_quoted(text);
    if (!value) return std::nullopt;
    tags.emplace(std::move(*key), std::move(*value));
    if (!text.empty() && (!take(text, ",") || text.empty())) return std::nullopt;
  }
  return tags;
}

std::string format_hstore(const OsmTags& tags) {
  std::string text;
  for (const auto& [key, value] : tags) {
    if (!text.empty()) text += ',';
    text += quoted(key) + "=>" + quoted(value);
  }
  return text;
}

std::optional<double> parse_length_m(std::string_view text) {
  const auto number = take_number(text);
  if (!number) return std::nullopt;
  double metres = *number;
  if (take(text, "'")) {
    metres *= kFoot_m;
    if (!text.empty()) {
      const auto inches = take_number(text);
      if (!inches || !take(text, "\"")) return std::nullopt;
      metres += *inches * kFoot_m / 12;
    }
  } else if (take(text, "ft") || take(text, "feet")) {
    metres *= kFoot_m;
  } else if (take(text, "km")) {
    metres *= 1000;
  } else if (take(text, "mi")) {
    metres *= kMile_m;
  } else if (take(text, "meters") || take(text, "metres") || take(text, "m")) {
  }
  skip_spaces(text);
  if (!text.empty() || !(metres > 0) || !std::isfinite(metres)) return std::nullopt;
  return metres;
}

}  // namespace skysense
