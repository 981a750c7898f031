#pragma once

#include "core/options.h"
#include "core/random.h"
#include "datasets/labelled_dataset.h"
#include "finetune/frame.h"
#include "finetune/mixup.h"
#include "finetune/sample_key.h"

namespace skysense {

/// The augmentations of Tables 4 to 8. All modalities, dates and the label of a sample move alike. Flips alone are on,
/// as in every one of the tables.
struct TaskAugmentOptions {
  double horizontal_flip = 0.5;  ///< probability
  double vertical_flip = 0.5;
  double quarter_turn = 0;    ///< probability of a turn by 90, 180 or 270 degrees; not square, by 180
  double rotation = 0;        ///< probability of a turn by any angle
  double rotation_deg = 180;  ///< largest such angle, either way
  bool random_crop = true;    ///< the frame anywhere in the sample; false: in its middle
  double min_scale = 1;       ///< random scaling, uniform in [min_scale, max_scale] (Table 4: 0.5 to 2)
  double max_scale = 1;
  /// A crop is drawn again, at most ten times, while one class has this share of its labels or more (mmsegmentation:
  /// 0.75); 1: the first crop is taken.
  double category_ratio = 1;
  /// A crop of a sample of boxes is drawn again, at most ten times, while it shows no object that is learnt
  /// (mmrotate leaves images without one out).
  bool find_objects = true;
  double erase_chance = 0;  ///< random erasing (Table 7: 0.3); the hole takes the bands' means
  double erase_min_area = 0.03;
  double erase_max_area = 0.333;  ///< of the frame
  double erase_min_aspect = 0.3;  ///< height / width, log-uniform (Zhong et al. 2020)
  double erase_max_aspect = 3.3;
  MixupOptions mixup = {};  ///< of scenes, after everything else; read_augmented leaves it to its caller

  void describe(OptionFields& fields);
};

/// A sample as training sees it: a frame of it (only its pixels are read), scaled, flipped, turned and erased. Labels
/// are moved and never mixed, the boxes of objects exactly; -1 where the frame reaches beyond the sample. Throws what
/// LabelledDataset::get throws; UsageError for a side that is not of whole pixels of every raster.
LabelledSample read_augmented(const LabelledDataset& dataset, int64_t number, const FrameOptions& frame,
                              const TaskAugmentOptions& augment, const PerModality<bool>& modalities,
                              const SampleKey& key);

/// A rectangle of a frame, in its pixels. Empty where nothing is erased.
PixelWindow draw_erased(const RasterSize& frame, const TaskAugmentOptions& augment, RandomStream& stream);

/// Gives the pixels of a rectangle, in pixels of a frame of the size given, the means of their bands, in every modality
/// and date: 0 for the network. What was invalid stays so.
void erase(LabelledSample& sample, const PixelWindow& rectangle, const RasterSize& frame,
           const SensorContracts& sensors);

}  // namespace skysense
