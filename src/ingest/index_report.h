#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "core/modality.h"

namespace skysense {

/// An input that the index leaves out, and why.
struct SkippedInput {
  std::string path, reason;
};

/// What building an index found: `index-report.json`.
struct IndexReport {
  int64_t places = 0;
  PerModality<int64_t> images;
  PerModality<std::string> sensors;
  int64_t labels = 0;
  int64_t dropped_images = 0;        ///< images of converted series without a valid pixel
  std::vector<std::string> classes;  ///< names of the places' classes 0, 1, …, where folders name them
  std::vector<std::string> notes;    ///< what was done to the data: converted units, filled bands, derived positions
  std::vector<SkippedInput> skipped;
};

nlohmann::json report_to_json(const IndexReport& report);

}  // namespace skysense
