#pragma once

#include <CLI/CLI.hpp>

namespace skysense::app {

/// Adds `visualize attention`.
void add_visualize_attention(CLI::App& visualize);

}  // namespace skysense::app
