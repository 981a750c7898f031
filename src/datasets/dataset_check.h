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
    int64_t samples = 0;           ///< all of the split
    std::vector<int64_t> classes;  ///< of the samples read: samples of class (and multi-label) data sets, else pixels
    int64_t ignored = 0;           ///< pixels of the samples read
    int64_t unlabelled = 0;        ///< samples read without a label
  };
  /// Physical values of valid pixels of the samples read.
  struct BandRange {
    std::string band;  ///< "ms B04"
    double minimum = 0, maximum = 0, mean = 0, std = 0;
  };
  std::map<std::string, Split> splits;
  std::vector<BandRange> bands;
  int64_t read = 0, missing_files = 0, unreadable = 0;
  std::vector<std::string> missing;   ///< files of any sample that do not exist, at most `most_listed`
  std::vector<std::string> problems;  ///< errors of samples whose files all exist, at most `most_listed`
};

/// Looks for every file, and reads some samples. Errors of samples are counted and listed, not thrown.
DatasetCheck check_dataset(const LabelledDataset& dataset, const CheckOptions& options);

/// With the names of classes, sensors and the split rule.
nlohmann::json check_to_json(const DatasetCheck& check, const DatasetDescription& description);

}  // namespace skysense
