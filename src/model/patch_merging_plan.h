#pragma once

#include <array>
#include <cstdint>

#include "core/modality.h"
#include "core/options.h"

namespace skysense {

inline constexpr int kStages = 4;

/// Which patch-merging layers halve the resolution: `subsample[modality]` holds stages 2, 3 and 4 in that order.
/// The default is the paper's (sec. 3.1.1): HR subsamples everywhere, MS and SAR keep their resolution; Table 11 varies
/// it.
struct PatchMergingPlan {
  PerModality<std::array<bool, kStages - 1>> subsample = {
      {{{true, true, true}, {false, false, false}, {false, false, false}}}};

  /// Side of one token of `stage` (0 to 3) in image pixels: 4 for stage 0, doubled by every subsampling before `stage`.
  int64_t stride(Modality modality, int stage) const;
  void describe(OptionFields& fields);
  bool operator==(const PatchMergingPlan& other) const { return subsample.items == other.subsample.items; }
};

}  // namespace skysense
