#include "ingest/index_report.h"

#include <map>
#include <nlohmann/json.hpp>

namespace skysense {

nlohmann::json report_to_json(const IndexReport& report) {
  nlohmann::json images = nlohmann::json::object(), sensors = nlohmann::json::object(),
                 skipped = nlohmann::json::array();
  for (const Modality modality : kModalities) {
    const std::string name(modality_name(modality));
    if (report.images[modality] > 0) images[name] = report.images[modality];
    if (!report.sensors[modality].empty()) sensors[name] = report.sensors[modality];
  }
  std::map<std::string, int64_t> reasons;
  for (const SkippedInput& input : report.skipped) {
    skipped.push_back({{"path", input.path}, {"reason", input.reason}});
    ++reasons[input.reason];
  }
  nlohmann::json left_out_places = nlohmann::json::array();
  for (const SkippedInput& place : report.left_out_places)
    left_out_places.push_back({{"id", place.path}, {"reason", place.reason}});
  return {{"format_version", 1},
          {"places", report.places},
          {"images", images},
          {"sensors", sensors},
          {"labels", report.labels},
          {"dropped_images", report.dropped_images},
          {"classes", report.classes},
          {"notes", report.notes},
          {"skipped_count", report.skipped.size()},
          {"skipped", skipped},
          {"left_out_images",
           {{"empty", report.left_out_images.empty},
            {"clouded", report.left_out_images.clouded},
            {"days", report.left_out_images.days}}},
          {"left_out_place_count", report.left_out_places.size()},
          {"left_out_places", left_out_places}};
}

}  // namespace skysense
