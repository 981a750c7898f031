#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/options.h"
#include "datasets/labelled_dataset.h"

namespace skysense {

/// Which of the training samples train.
struct SelectionOptions {
  int64_t shots = 0;    ///< samples of each class; 0: all
  double fraction = 1;  ///< share of the samples, of each class alike
  int64_t seed = 0;     ///< of the draw

  void describe(OptionFields& fields);
};

/// The chosen of `candidates` (sample numbers), in their order. One order of them is drawn by the seed and every
/// selection is a beginning of it: 1% lies inside 5%, one shot inside five. Which classes a sample counts for: its
/// class, its labels, or the classes of its mask; these are read, without images, where a selection is asked for.
/// Samples of several classes are taken so that each class keeps its share (iterative stratification, Sechidis et al.
/// 2011). Throws UsageError for shots together with a fraction, and DataError where nothing is left.
std::vector<int64_t> select_samples(const LabelledDataset& dataset, const std::vector<int64_t>& candidates,
                                    const SelectionOptions& options);

}  // namespace skysense
