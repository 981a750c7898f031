#include "detection/detection_settings.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <iterator>
#include <string_view>

#include "core/config.h"
#include "core/error.h"

namespace skysense {
namespace {

constexpr std::string_view kGroup = "detection.";

/// What neither the weights nor what they learnt hang on.
constexpr std::array<std::string_view, 6> kOfDetecting = {"detection.score_threshold", "detection.nms_iou",
                                                          "detection.detections",      "detection.rpn.proposals_before",
                                                          "detection.rpn.proposals",   "detection.rpn.nms_iou"};

struct Group {
  DetectionOptions& detection;
  void describe(OptionFields& fields) { fields.group("detection", detection); }
};

}  // namespace

void apply_detection_settings(DetectionOptions& options, const std::vector<std::string>& assignments) {
  Group group{options};
  OptionFields fields = fields_of(group);
  for (const std::string& assignment : assignments) {
    apply_assignment(fields, assignment);
    const std::string key = assignment.substr(0, assignment.find('='));
    if (std::ranges::find(kOfDetecting, key) != kOfDetecting.end()) continue;
    throw UsageError(
        fmt::format("--set {}: belongs to the weights, and is as they were trained; of a trained detector "
                    "{} can be set",
                    assignment, fmt::join(kOfDetecting, ", ")));
  }
}

std::vector<std::string> detection_settings(const std::vector<std::string>& assignments) {
  std::vector<std::string> own;
  std::ranges::copy_if(assignments, std::back_inserter(own),
                       [](const std::string& assignment) { return assignment.starts_with(kGroup); });
  return own;
}

}  // namespace skysense
