#pragma once

#include <cstdint>
#include <filesystem>
#include <vector>

#include "datasets/labelled_dataset.h"

namespace skysense {

struct ExportOptions {
  PerModality<bool> modalities = {{true, true, true}};
  PerModality<int64_t> dates{};  ///< images of a sample at most, evenly spaced; 0: all
  int64_t jobs = 1;              ///< samples read at once
};

/// What was written.
struct ExportedSamples {
  int64_t samples = 0, bytes = 0;
  PerModality<int64_t> dates{};  ///< the longest series
};

/// Writes the samples as one safetensors file for other programs (docs/formats.md): images as physical values, padded
/// with absent images to the longest series. Samples without a label are written with -1, objects padded with
/// class -1 to the most of a sample. All must have the same pixel sizes. Throws DataError where they have not, naming
/// the sample.
ExportedSamples export_samples(const LabelledDataset& dataset, const std::vector<int64_t>& numbers,
                               const std::filesystem::path& file, const ExportOptions& options);

/// Which `wanted` of `count` images, evenly spaced, in order; all where there are no more.
std::vector<int64_t> evenly_spaced(int64_t count, int64_t wanted);

}  // namespace skysense
