#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "core/error.h"

namespace skysense::fuzz {

/// Runs `parse` over hostile bytes: a refusal by DataError or UsageError is an answer, anything else a finding. A
/// refusal must be a line that says something.
template <class Parse>
int refuses_or_reads(Parse parse) {
  const auto check = [](const std::string& message) {
    if (message.empty()) __builtin_trap();
  };
  try {
    parse();
  } catch (const DataError& error) {
    check(error.what());
  } catch (const UsageError& error) {
    check(error.what());
  }
  return 0;
}

inline std::string text_of(const uint8_t* bytes, size_t size) { return {reinterpret_cast<const char*>(bytes), size}; }

}  // namespace skysense::fuzz
