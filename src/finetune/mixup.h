#pragma once

#include <optional>

#include "core/options.h"
#include "datasets/labelled_dataset.h"
#include "finetune/sample_key.h"

namespace skysense {

/// Mixup (Zhang et al. 2018, arXiv 1710.09412) of scenes: pictures and labels of two samples in the same shares.
struct MixupOptions {
  double chance = 0;   ///< Table 7, fMoW-S2: 1
  double alpha = 0.8;  ///< shares are drawn from Beta(alpha, alpha)

  void describe(OptionFields& fields);
};

/// Whom a sample is mixed with, and how much of itself stays.
struct Mixing {
  int64_t partner = 0;  ///< a position among the training samples
  double share = 1;
};

/// Draws the partner of a sample among `samples` training samples; nothing where it stays alone. It depends on the key
/// and not on who shares the batch, so any world size trains on the same stream; the paper's authors mix a batch with
/// its own shuffled order.
std::optional<Mixing> draw_mixing(const MixupOptions& options, int64_t samples, const SampleKey& key);

/// share * sample + (1 - share) * other, date by date; invalid pixels count as the bands' means and stay invalid where
/// both are. A date or modality that one of them lacks comes from the other as it is. The label becomes float32
/// [classes] probabilities. Throws c10::ValueError for labels other than of scenes and for images of other sizes.
void mix_samples(LabelledSample& sample, const LabelledSample& other, double share,
                 const DatasetDescription& description);

}  // namespace skysense
