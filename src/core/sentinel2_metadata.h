#pragma once

#include <optional>
#include <string>

#include "core/date.h"

namespace skysense {

/// What MTD_MSIL1C.xml or MTD_MSIL2A.xml of a Sentinel-2 product says about its values.
struct Sentinel2Metadata {
  std::string level;     ///< "l1c" or "l2a"
  std::string baseline;  ///< "05.09"
  std::optional<Date> date;
  double quantification = 0;  ///< reflectance = (stored + add_offset) / quantification
  double add_offset = 0;      ///< -1000 from baseline 04.00 on; 0 where the product names none
};

/// Throws DataError beginning with `origin` for text that is no such document, and where the bands' offsets differ.
Sentinel2Metadata parse_sentinel2_metadata(const std::string& xml, const std::string& origin);

}  // namespace skysense
