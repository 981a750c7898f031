#pragma once

#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/output_file.h"
#include "core/shard.h"

namespace skysense {

/// A file to become a member of a shard.
struct MemberSource {
  std::string name;  ///< within the tar; at most kTarMaxName bytes
  int64_t bytes = 0;
  /// Hands out its bytes piece by piece, `bytes` in all.
  std::function<void(const std::function<void(std::string_view)>& write)> copy;
};

/// A set of shards that grows place by place and survives interruption: each shard appears whole, first its tar, then
/// its sidecar, and a later run goes on behind the last one that has both. `shards.json` appears when all are there.
class ShardWriter {
 public:
  /// Creates `folder`, or goes on with what it has. Throws DataError where it holds a finished set or shards of another
  /// source, and another run writes to it; `overwrite` removes its shards first.
  ShardWriter(const std::filesystem::path& folder, ShardKind kind, const ShardSource& source, bool overwrite);

  /// The place of the source to go on with; 0 at first, source.places at the end.
  int64_t next_place() const { return next_place_; }
  /// Closes the shard at hand where members of this many bytes would make it larger than wanted. A place whose members
  /// share files with others' asks before it adds them; a place is never divided.
  bool begin_place(int64_t bytes);
  /// Adds a member of the place at hand. The tar is named in `shard`.
  ShardMember add(const MemberSource& source);
  /// Name of the tar that `add` writes to.
  const std::string& tar() const { return shard_.tar; }
  /// The place is done; `line` is its line of index.jsonl (kGeotiff).
  void end_place(const std::string& line);
  /// The place is left out.
  void leave_out(LeftOutPlace place);
  /// Closes the last shard. Returns all sidecars, whose places make the index; the caller writes what stands beside
  /// them and then calls `publish`.
  const std::vector<ShardSidecar>& finish();
  /// Writes shards.json: the set is complete.
  void publish();

 private:
  void resume();
  void open();
  void close();

  /// Keeps other runs out of the folder.
  struct FolderLock {
    explicit FolderLock(const std::filesystem::path& folder);
    ~FolderLock();
    FolderLock(const FolderLock&) = delete;
    FolderLock& operator=(const FolderLock&) = delete;
    int fd;
  };

  const std::filesystem::path folder_;
  const ShardKind kind_;
  const ShardSource source_;
  std::unique_ptr<FolderLock> lock_;
  int64_t next_place_ = 0;
  std::vector<ShardSidecar> whole_;
  ShardSidecar shard_;
  std::unique_ptr<OutputFile> output_;
};

/// A name that any file system takes: "00000012_ID" with what is no letter, digit, dot or dash replaced.
std::string place_member_prefix(int64_t place, const std::string& id);

/// "256M", "1G", "500000": bytes, with K, M, G as powers of 1024. Throws UsageError.
int64_t parse_shard_size(const std::string& text);

}  // namespace skysense
