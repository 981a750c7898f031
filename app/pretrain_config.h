#pragma once

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "pretrain/options.h"

namespace skysense::app {

/// How a command line says what a pre-training run is: the preset, then config files in order, then --set.
struct PretrainConfig {
  std::string preset = "nano";
  std::vector<std::string> configs, assignments;

  /// Adds --preset, --config and --set. `this` outlives the verb.
  void add_to(CLI::App& verb);
  /// Throws UsageError for keys and values that do not exist.
  PretrainOptions resolve() const;
};

}  // namespace skysense::app
