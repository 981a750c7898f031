#pragma once

#include <map>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "datasets/labelled_dataset.h"

namespace skysense {

struct CheckOptions {
  int64_t samples = 200;     ///< how many to read, evenly spread over the data set; 0: all
  int64_t most_listed = 20;  ///< of missing files and problems
};

/// What a look at a data set found.
struct DatasetCheck {
  struct Split {
    int64_t samples = 0;  ///< all of the split
    /// Of the samples read: samples of class (and multi-label) data sets, objects of those of boxes, else pixels.
    std::vector<int64_t> classes;
    int64_t ignored = 0;     ///< pixels or objects of the samples read
    int64_t unlabelled = 0;  ///< samples read without a label
  };
  /// Physical values of valid pixels of the samples read.
  struct BandRange {
    std::string band;  ///< "ms B04"
    double minimum = 0, maximum = 0, mean = 0, std = 0;
  };
  std::map<std::string, Split> splits;
  std::vector<BandRange> bands;
  int64_t read = 0, missing_files = 0, unreadable = 0;
  int64_t left_out = 0;              ///< images and labels without each other, and faulty objects of the samples read
  std::vector<std::string> missing;  ///< files of any sample that do not exist, at most `most_listed`
  /// Errors of samples whose files all exist, and what was left out and why; at most `most_listed`.
  std::vector<std::string> problems;
};

/// Looks for every file, and reads some samples. Errors of samples are counted and listed, not thrown.
DatasetCheck check_dataset(const LabelledDataset& dataset, const CheckOptions& options);

/// With the names of classes, sensors and the split rule.
nlohmann::json check_to_json(const DatasetCheck& check, const DatasetDescription& description);

}  // namespace skysense
