#pragma once

#include <memory>
#include <optional>

#include "ingest/contract_reader.h"
#include "ingest/image_candidates.h"

namespace skysense {

/// Shares of a square, 0 to 1.
struct Coverage {
  double valid = 0;    ///< shown by the image, clouds or not
  double clouded = 0;  ///< of the square: shown, but unusable by the image's validity layer
};

/// What an image shows of squares. A file a band is judged by its file with the fewest pixels.
class CoverageReader {
 public:
  /// Throws DataError where a file cannot be opened.
  explicit CoverageReader(const ImageCandidate& candidate);

  /// Over the cells of a grid. Throws DataError.
  Coverage over(const TargetGrid& cells) const;

 private:
  std::optional<ContractReader> image_;
  std::optional<RasterReader> layer_;
  std::vector<int64_t> valid_values_;
};

}  // namespace skysense
