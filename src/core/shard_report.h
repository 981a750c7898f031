#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <vector>

#include "core/shard.h"

namespace skysense {

/// What writing shards came to.
struct ShardReport {
  int64_t places = 0, shards = 0, members = 0, bytes = 0;
  int64_t converted = 0;       ///< members of this run that are no copies of their files
  int64_t dropped_labels = 0;  ///< vector labels, which no shard holds
  std::vector<LeftOutPlace> left_out;
};

/// Counts of all shards of a set.
ShardReport count_shards(const std::vector<ShardSidecar>& shards);
nlohmann::json report_to_json(const ShardReport& report);

}  // namespace skysense
