#pragma once

#include <fmt/format.h>

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <utility>

namespace skysense {

/// The whole number at `key` of a JSON object from outside. json's own get<int64_t>() also converts 1e30, which is
/// undefined. Throws json::exception where the key is missing or is anything but a whole number that fits.
template <class Integer = int64_t>
Integer whole_number(const nlohmann::json& object, std::string_view key) {
  const nlohmann::json& value = object.at(std::string(key));
  const bool fits = value.is_number_unsigned()  ? std::in_range<Integer>(value.get<uint64_t>())
                    : value.is_number_integer() ? std::in_range<Integer>(value.get<int64_t>())
                                                : false;
  if (!fits) throw nlohmann::json::type_error::create(302, fmt::format("{} must be a whole number", key), &value);
  return value.get<Integer>();
}

}  // namespace skysense
