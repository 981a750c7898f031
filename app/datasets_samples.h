#pragma once

#include <CLI/CLI.hpp>

namespace skysense::app {

/// `skysense datasets samples`: which samples a split, or a choice of it, holds.
void add_datasets_samples(CLI::App& datasets);

}  // namespace skysense::app
