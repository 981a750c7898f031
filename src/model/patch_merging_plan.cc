#include "model/patch_merging_plan.h"

#include <fmt/format.h>

#include "model/options.h"

namespace skysense {

int64_t PatchMergingPlan::stride(Modality modality, int stage) const {
  int64_t stride = kPatch;
  for (int merging = 0; merging < stage; ++merging) stride *= subsample[modality][merging] ? 2 : 1;
  return stride;
}

void PatchMergingPlan::describe(OptionFields& fields) {
  for (const Modality modality : kModalities) {
    for (int merging = 0; merging < kStages - 1; ++merging) {
      fields(fmt::format("{}_stage{}", modality_name(modality), merging + 2), subsample[modality][merging],
             "halve the resolution before this stage; false keeps it");
    }
  }
}

}  // namespace skysense
