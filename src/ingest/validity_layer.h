#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace skysense {

/// The values of a validity layer that mean a usable pixel, by the layer's file name: for a Sentinel-2 scene
/// classification ("SCL" in the name, or the folder's name) 2 dark areas, 4 vegetation, 5 bare, 6 water, 7 unclassified
/// and 11 snow; for Landsat's QA_PIXEL the values of clear land, water and snow; for cloud masks (a word "cloud",
/// "clouds", "cloudmask", "clm", "qa60" or "classi" in the name) 0 alone; for any other layer none are listed, which
/// means every value but 0.
std::vector<int64_t> layer_valid_values(const std::string& path);

/// The file's name says that it masks clouds: 0 is clear there, anything else is not.
bool is_cloud_mask(const std::string& path);

}  // namespace skysense
