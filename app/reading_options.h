#pragma once

#include <CLI/CLI.hpp>

#include "datasets/dataset_options.h"

namespace skysense::app {

/// How a labelled data set is read, as options of a verb: --train-share, --seed, --fold, ….
void add_reading_options(CLI::App& verb, DatasetOptions& reading);

}  // namespace skysense::app
