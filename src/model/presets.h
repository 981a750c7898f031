#pragma once

#include <string>
#include <vector>

#include "model/options.h"

namespace skysense {

/// A projection head of the contrastive losses: MLP d -> hidden -> hidden -> bottleneck, then weight-normed K outputs.
struct LearningHeadSizes {
  int64_t hidden = 256;
  int64_t bottleneck = 64;
  int64_t outputs = 1024;  ///< K, the number of classes that the views agree on

  void describe(OptionFields& fields) {
    fields("hidden", hidden, "hidden width of the learning heads").at_least(1);
    fields("bottleneck", bottleneck, "width before the weight-normed layer").at_least(1);
    fields("outputs", outputs, "outputs K of the learning heads").at_least(2);
  }
};

/// Geo-context prototypes: equal-area regions of the globe and the prototypes of each.
struct PrototypeSizes {
  int64_t regions = 64;
  int64_t prototypes = 16;
};

/// Ground and time that a pre-training sample covers. Crops are squares, given by their side.
struct SampleSizes {
  int64_t hr_per_ms = 8;     ///< HR pixels that one MS pixel (10 m) is wide
  int64_t global_crop = 16;  ///< MS pixels; times hr_per_ms in HR pixels
  int64_t local_crop = 8;    ///< MS pixels
  int64_t ms_dates = 4;      ///< dates drawn from a place's MS series
  int64_t sar_dates = 3;     ///< dates drawn from its SAR series

  int64_t global_crop_hr() const { return global_crop * hr_per_ms; }
  int64_t local_crop_hr() const { return local_crop * hr_per_ms; }
};

/// One row of the table of DESIGN 4: everything that grows with the model.
struct Preset {
  std::string name;
  ModelOptions model;
  LearningHeadSizes head;
  PrototypeSizes prototypes;
  SampleSizes sample;
};

/// nano, tiny, small, base, v2-dense, v2: from the smallest to the paper's model.
const std::vector<Preset>& presets();

/// Throws UsageError that names the nearest preset and lists them all.
const Preset& find_preset(const std::string& name);

}  // namespace skysense
