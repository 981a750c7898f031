#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/date.h"

namespace skysense {

/// Further labels of a place: a line of `labels.jsonl` (docs/formats.md). Paths are relative to the file.
struct PlaceLabels {
  /// An HR flight and its land cover.
  struct Flight {
    Date date;
    std::string hr, hr_cover;
  };
  /// An MS image, its cloud mask (1 is clear; may be empty) and the land cover on that day.
  struct Month {
    Date date;
    std::string ms, clear, cover;
  };
  std::string id;
  std::string hr_cover, crops;  ///< rasters; empty where there are none
  std::vector<Flight> flights;  ///< none, or two of different days
  std::string change;           ///< where the land cover differs between the flights; with flights
  std::vector<Month> months;
};

/// `labels.jsonl`'s text, one place a line. Throws DataError naming `origin` and the line for broken JSON, a wrong
/// type, a missing key, a date that is none, dates out of order, and an id that stands twice.
std::vector<PlaceLabels> parse_place_labels(const std::string& text, const std::string& origin);

}  // namespace skysense
