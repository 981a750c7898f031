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

/// Images of cut places that were left out, counted once a place.
struct LeftOutImages {
  int64_t empty = 0, clouded = 0, days = 0;
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
  LeftOutImages left_out_images;
  std::vector<SkippedInput> left_out_places;  ///< squares of the ground that became no place, by id
};

nlohmann::json report_to_json(const IndexReport& report);

}  // namespace skysense
