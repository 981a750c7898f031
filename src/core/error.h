#pragma once

#include <stdexcept>
#include <string>

namespace skysense {

/// The user's input or machine is at fault: one clear line saying what, where and what to do. Exit code 1.
/// A broken contract between parts of our own code is not this: use TORCH_CHECK_VALUE or std::logic_error.
class DataError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// The command line or the config is wrong: an unknown verb, option, key or value. Exit code 2.
class UsageError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

}  // namespace skysense
