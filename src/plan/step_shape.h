#pragma once

#include <array>
#include <cstdint>

#include "core/modality.h"
#include "model/patch_merging_plan.h"
#include "pretrain/options.h"

namespace skysense {

/// A token grid of the backbone.
struct TokenGrid {
  int64_t height = 0, width = 0;
  int64_t tokens() const { return height * width; }
};

/// One modality of the views of one size.
struct ImageGroup {
  int64_t images = 0;  ///< of a micro-batch; 0: the model does not take the modality
  int64_t side = 0;    ///< pixels
  int64_t channels = 0;
  int64_t dates = 0;
  std::array<TokenGrid, kStages> grids{};  ///< of one image
};

/// The views of one size, which pass through the model together.
struct ViewGroup {
  int64_t views = 0;
  int64_t cells_side = 0;  ///< of one view on the fusion grid
  PerModality<ImageGroup> images{};
  /// Tokens of the fusion encoder in each cell: the class token and one for each image.
  int64_t sequence() const;
  int64_t cells() const { return cells_side * cells_side; }
};

/// Which share of the cells of two views shows common ground, on average over many draws of view boxes from places
/// twice as wide as a global view.
struct CellPairs {
  double pairs = 0;  ///< (student cell, teacher view) pairs of one place and date that the pixel level compares
  double cells = 0;  ///< student cells of one place and date in at least one of them
};

/// The sizes of everything that one rank's micro-batch makes.
struct StepShape {
  int64_t places = 0;
  std::array<ViewGroup, 2> groups;  ///< global views, local views (of which there may be none)
  CellPairs pixel;

  int64_t views() const { return groups[0].views + groups[1].views; }
  /// Dates of a source: of a modality (0 to 2) its images at a place, of the fused features (3) one. 0 where absent.
  int64_t dates(int source) const;
  /// Bytes of the micro-batch's images with their validity.
  double batch_bytes() const;
};

/// `places` of one micro-batch that have every modality of `channels` (as SkysenseModel takes them) at full length.
StepShape step_shape(const PretrainOptions& options, const PerModality<int64_t>& channels, int64_t places);

}  // namespace skysense
