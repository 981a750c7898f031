#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "synth/synthetic_earth.h"

namespace skysense::app {

/// What a synthetic dataset holds beside the images, the class of each place and its land cover at 10 m.
struct SynthLabels {
  bool boxes = false;  ///< annotations/: the HR images' objects for COCO, PASCAL VOC and DOTA

  /// From the words of --labels. Throws UsageError naming the nearest known word.
  static SynthLabels named(const std::vector<std::string>& words);
};

/// Renders all places on `jobs` threads into a dataset folder; the index comes last, so that a dataset with an index is
/// whole.
void write_synthetic_dataset(const std::filesystem::path& folder, const SyntheticEarth& earth, const SynthLabels& labels, int64_t jobs);

}  // namespace skysense::app
