#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace skysense {

/// The values of a validity layer that mean a usable pixel, by the layer's file name: for a Sentinel-2 scene
/// classification ("SCL") 4 vegetation, 5 bare, 6 water, 7 unclassified and 11 snow; for any other layer none are
/// listed, which means every value but 0.
std::vector<int64_t> layer_valid_values(const std::string& path);

}  // namespace skysense
