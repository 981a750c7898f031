#pragma once

#include <string>
#include <vector>

#include "ingest/image_candidates.h"

namespace skysense {

/// Sensors that differ by the offset of Sentinel-2's processing baseline 04.00 alone are of one family:
/// "sentinel2-l2a-0400" is of "sentinel2-l2a".
std::string sensor_family(const std::string& sensor);

/// Moves the image to another sensor of its family; `add` changes so that its physical values stay what they are.
void move_to_sensor(ImageCandidate& image, const std::string& sensor);

/// Moves the image to the sensor of its family under which nothing has to be added, where there is one.
void prefer_own_offset(ImageCandidate& image);

/// Moves the image to the sensor of --sensor of its family. Returns false where the user asked for sensors and none is
/// of that family.
bool move_to_asked(ImageCandidate& image, const std::vector<std::string>& asked);

}  // namespace skysense
