#pragma once

#include <optional>
#include <string>
#include <vector>

#include "core/sensor_contract.h"

namespace skysense {

/// ASCII letters in lower case.
std::string lower_case(std::string text);

/// Band names in the one spelling of the contracts: "b4", "B4", "B04 - Red", "S2-L2A-B04" are B04; "Red" is red,
/// "nir" nir, "S1-SIGMA0-VV", "Sigma0_VV_db" VV. Text that holds no band name comes back in lower case.
std::string canonical_band(const std::string& text);

/// The band orders of full products, by sensor family and count, for files whose bands have no names:
/// Sentinel-2 L2A with 12 bands and L1C with 13. Nothing for other counts.
std::optional<std::vector<std::string>> product_band_order(const std::string& sensor, int64_t count);

}  // namespace skysense
