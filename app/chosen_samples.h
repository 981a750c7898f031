#pragma once

#include <CLI/CLI.hpp>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "datasets/labelled_dataset.h"
#include "datasets/registry.h"
#include "finetune/selection.h"

namespace skysense::app {

/// Samples of one split of a data set, chosen as `finetune` chooses them: what `datasets export` and `datasets samples`
/// are about.
struct ChosenSamples {
  std::string name, data, split = "train";
  SelectionOptions selection;
  int64_t samples = 0;  ///< at most, evenly spread; 0: all
  DatasetOptions reading;

  void add_options(CLI::App& verb);
  std::unique_ptr<LabelledDataset> open() const;
  /// Throws DataError where the split has none.
  std::vector<int64_t> numbers(const LabelledDataset& dataset) const;
};

}  // namespace skysense::app
