#pragma once

#include <CLI/CLI.hpp>

namespace skysense::app {

/// Adds `plan predict`: what a prediction over a scene will need.
void add_plan_predict(CLI::App& plan);

}  // namespace skysense::app
