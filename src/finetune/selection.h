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

/// A sample as selections see it.
struct SelectionCandidate {
  std::string name;              ///< the draw depends on it and the seed, not on the order of the samples
  std::vector<int64_t> classes;  ///< that it shows
};

/// Positions of a share of the candidates, ascending. Candidates are grouped by the rarest class that they show, where
/// iterative stratification begins too (Sechidis et al. 2011), those without a class in a group of their own, and the
/// same share is drawn of every group, rounded and at least one. A smaller share with the same seed lies inside.
std::vector<int64_t> choose_share(const std::vector<SelectionCandidate>& candidates, double share, uint64_t seed);

/// Positions of candidates that show each class `shots` times or as often as there are any, ascending. They are taken
/// round by round, in each the rarest class first and none that has its number already, so that fewer shots with the
/// same seed lie inside. Of samples of several classes the frequent ones come more often.
std::vector<int64_t> choose_shots(const std::vector<SelectionCandidate>& candidates, int64_t shots, uint64_t seed);

/// The chosen of the sample numbers given that have a label, in their order; all of them where nothing is asked for.
/// Which classes they show is read from their labels: the class, the labels that are set, the classes of a mask. Throws
/// UsageError for shots together with a share, and DataError where no sample has a label.
std::vector<int64_t> select_samples(const LabelledDataset& dataset, const std::vector<int64_t>& numbers,
                                    const SelectionOptions& options);

/// Takes a share of the training samples out, for validation: those that the seed's order puts first. Samples of a
/// group (tiles of an image, months of a place) stay together, since they show the same ground: as many groups as reach
/// the share, and never the last.
std::vector<int64_t> hold_out(const LabelledDataset& dataset, std::vector<int64_t>& training, double share,
                              int64_t seed);

}  // namespace skysense
