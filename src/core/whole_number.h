#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

namespace skysense {

/// The whole number at `key` of a JSON object from outside. json's own get<int64_t>() also converts 1e30, which is
/// undefined. Throws json::exception where the key is missing or is anything but a whole number that fits.
inline int64_t whole_number(const nlohmann::json& object, std::string_view key) {
  const nlohmann::json& value = object.at(std::string(key));
  constexpr auto kMost = static_cast<uint64_t>(std::numeric_limits<int64_t>::max());
  if (!value.is_number_integer() || (value.is_number_unsigned() && value.get<uint64_t>() > kMost)) {
    throw nlohmann::json::type_error::create(302, fmt::format("{} must be a whole number", key), &value);
  }
  return value.get<int64_t>();
}

}  // namespace skysense
