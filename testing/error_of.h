#pragma once

#include <functional>
#include <string>

#include "core/error.h"

namespace skysense::testing {

/// What the action's DataError or UsageError says; "" where it throws none.
inline std::string error_of(const std::function<void()>& action) {
  try {
    action();
  } catch (const DataError& error) {
    return error.what();
  } catch (const UsageError& error) {
    return error.what();
  }
  return "";
}

}  // namespace skysense::testing
