#pragma once

#include <CLI/CLI.hpp>

namespace skysense::app {

/// `skysense datasets export`: samples as a file for other programs.
void add_datasets_export(CLI::App& datasets);

}  // namespace skysense::app
