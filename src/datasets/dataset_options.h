#pragma once

#include <string>

#include "core/options.h"

namespace skysense {

/// What a reader is told beside the folder. Most readers need none of it.
struct DatasetOptions {
  double train_share = 0;  ///< of data sets without official splits: share of (each class's) samples; 0: the reader's
  int64_t seed = 0;        ///< of that draw
  int64_t fold = 5;        ///< PASTIS: the test fold; the one before it validates, the other three train
  std::string dates = "single";       ///< DynamicEarthNet's Planet images of a month: single, weekly or daily
  bool series = false;                ///< DynamicEarthNet: a sample is a cube of all months, not one month
  std::string sensor = "aerial-rgb";  ///< generic layouts: built-in contract of the images
  std::string bands;                  ///< generic layouts: "B04=3,B03=2"; DynamicEarthNet: of its Sentinel-1 files
  std::string attribute;              ///< vector labels: column that names the class; empty: every area is one class
  std::string boxes;         ///< of data sets of boxes: "upright" or "oriented"; empty: as the data set has them
  double least_share = 0.7;  ///< of boxes: objects of which a window or tile shows less are ignored
  bool strict = false;       ///< of boxes: a faulty object or a missing file is an error; false: left out and counted
  int64_t cache_mb = 1024;   ///< places: memory in MiB that keeps those which were read or rendered

  void describe(OptionFields& fields);
};

}  // namespace skysense
