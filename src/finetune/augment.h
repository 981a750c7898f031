#pragma once

#include <cstdint>
#include <optional>

#include "core/options.h"
#include "core/sensor_contract.h"
#include "datasets/labelled_dataset.h"
#include "finetune/frame.h"

namespace skysense {

/// The augmentations of Tables 4 to 8. All modalities, dates and the label of a sample move alike.
struct TaskAugmentOptions {
  double horizontal_flip = 0.5;  ///< probability
  double vertical_flip = 0.5;
  bool random_crop = true;  ///< the frame anywhere in the sample; false: in its middle
  double min_scale = 1;     ///< random scaling, uniform in [min_scale, max_scale] (Table 4: 0.5 to 2)
  double max_scale = 1;
  double category_ratio = 1;  ///< largest share of one class in a crop, where ten draws find one (mmsegmentation: 0.75)
  double erase_chance = 0;    ///< random erasing (Table 7: 0.3); the hole takes the bands' means
  double erase_min_area = 0.03;  ///< of the picture
  double erase_max_area = 0.333;
  double erase_min_aspect = 0.3;  ///< height / width, log-uniform (Zhong et al. 2020, torchvision)
  double erase_max_aspect = 3.3;
  double mixup_chance = 0;   ///< scenes only (Table 7: 1)
  double mixup_alpha = 0.8;  ///< of the Beta(alpha, alpha) that the shares are drawn from

  void describe(OptionFields& fields);
};

/// What a training sample's randomness depends on, and nothing else does.
struct SampleKey {
  uint64_t seed = 0, epoch = 0, sample = 0;
};

/// A sample of the data set as training sees it: a frame of it (read alone, not the whole image), scaled, flipped and
/// erased. images: side x side of the extent's pixels in all dates, the label alike, -1 where padded.
/// Throws what LabelledDataset::get throws; UsageError for a side that is no whole number of pixels in every raster.
LabelledSample read_augmented(const LabelledDataset& dataset, int64_t number, const FrameOptions& frame,
                              const TaskAugmentOptions& augment, const PerModality<bool>& modalities,
                              const SampleKey& key);

/// Whom a scene is mixed with, and how much of itself stays.
struct Mixing {
  int64_t partner = 0;  ///< a position among the training samples
  double share = 1;
};

/// Draws the partner of a scene among `samples` training samples; nothing where it stays alone. It depends on the key
/// and not on who shares its batch: any world size trains on the same stream (Zhang et al. 2018 mix a shuffled batch).
std::optional<Mixing> draw_mixing(const TaskAugmentOptions& augment, int64_t samples, const SampleKey& key);

/// Mixes `other` into the sample: share * sample + (1 - share) * other, invalid pixels counting as the bands' means;
/// a date or modality that only one has is taken from it as it is. The label becomes float32 [classes] probabilities.
/// Throws c10::ValueError for labels other than of scenes and for other image sizes.
void mix_samples(LabelledSample& sample, const LabelledSample& other, double share,
                 const DatasetDescription& description);

}  // namespace skysense
