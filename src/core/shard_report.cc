#include "core/shard_report.h"

#include <nlohmann/json.hpp>

namespace skysense {

ShardReport count_shards(const std::vector<ShardSidecar>& shards) {
  ShardReport report;
  for (const ShardSidecar& shard : shards) {
    ++report.shards;
    report.places += shard.end_place - shard.first_place - static_cast<int64_t>(shard.left_out.size());
    report.members += static_cast<int64_t>(shard.members.size());
    report.bytes += shard.tar_bytes;
    report.left_out.insert(report.left_out.end(), shard.left_out.begin(), shard.left_out.end());
  }
  return report;
}

nlohmann::json report_to_json(const ShardReport& report) {
  nlohmann::json left_out = nlohmann::json::array();
  for (const LeftOutPlace& place : report.left_out) left_out.push_back({{"id", place.id}, {"reason", place.reason}});
  return {{"places", report.places}, {"shards", report.shards},       {"members", report.members},
          {"bytes", report.bytes},   {"converted", report.converted}, {"dropped_labels", report.dropped_labels},
          {"left_out", left_out}};
}

}  // namespace skysense
