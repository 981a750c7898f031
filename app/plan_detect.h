#pragma once

#include <CLI/CLI.hpp>

namespace skysense::app {

/// Adds `plan detect`: what finding the objects of a scene will need.
void add_plan_detect(CLI::App& plan);

}  // namespace skysense::app
