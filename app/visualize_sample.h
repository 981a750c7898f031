#pragma once

#include <CLI/CLI.hpp>

namespace skysense::app {

/// `skysense visualize sample`: a sample of any data set, its images beside its label.
void add_visualize_sample(CLI::App& visualize);

}  // namespace skysense::app
