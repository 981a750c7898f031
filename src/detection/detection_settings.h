#pragma once

#include <string>
#include <vector>

#include "detection/detection_options.h"

namespace skysense {

/// Changes how a trained detector is used, by assignments such as "detection.nms_iou=0.3" as --set gives them. Throws
/// UsageError for a setting that is not one of detecting alone: those of the network's shape and of what it learnt are
/// its own.
void apply_detection_settings(DetectionOptions& options, const std::vector<std::string>& assignments);

/// Those of the assignments that are of the group `detection`.
std::vector<std::string> detection_settings(const std::vector<std::string>& assignments);

}  // namespace skysense
