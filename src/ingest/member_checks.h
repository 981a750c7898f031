#pragma once

#include <map>
#include <memory>
#include <string>

#include "core/shard.h"
#include "ingest/dataset_location.h"

namespace skysense {

/// Compares members of a sharded data set with their checksums, each the first time it is asked for. Callable from
/// several threads.
class MemberChecks {
 public:
  /// A data set without shards has nothing to check.
  explicit MemberChecks(const DatasetLocation& location);
  ~MemberChecks();

  /// `path` as the index has it. Reads the member where it is one of a shard and was not read before. Throws DataError
  /// naming the member and its shard where the bytes are not those that were written, or there is no such member.
  void verify(const std::string& path);

 private:
  struct Shard;

  const DatasetLocation location_;
  std::map<std::string, std::unique_ptr<Shard>> shards_;  // by tar; as it is from the start
};

}  // namespace skysense
