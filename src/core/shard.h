#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace skysense {

/// What the members of a data set's shards are.
enum class ShardKind { kGeotiff, kTensors };
/// "geotiff" or "tensors".
std::string_view shard_kind_name(ShardKind kind);
/// Throws DataError that lists both names.
ShardKind parse_shard_kind(std::string_view name);

/// One file within a tar.
struct ShardMember {
  std::string name;
  int64_t offset = 0, bytes = 0;  ///< of its own bytes, behind the tar header
  uint32_t crc32 = 0;             ///< CRC-32 of them (ISO 3309, as zlib and gzip)
  bool operator==(const ShardMember&) const = default;
};

/// A place of the source that is in no shard, and why.
struct LeftOutPlace {
  std::string id, reason;
  bool operator==(const LeftOutPlace&) const = default;
};

/// Which data set was cut into shards, and how: a run goes on only with shards of the same.
struct ShardSource {
  int64_t places = 0;
  uint32_t crc32 = 0;      ///< of its index, or of the places' ids where it has none
  int64_t shard_size = 0;  ///< bytes that were asked for
  bool operator==(const ShardSource&) const = default;
};

/// `shard-00000.json` beside `shard-00000.tar` (docs/formats.md).
struct ShardSidecar {
  ShardKind kind = ShardKind::kGeotiff;
  std::string tar;        ///< file name
  int64_t tar_bytes = 0;  ///< its size
  ShardSource source;
  int64_t first_place = 0, end_place = 0;  ///< places of the source, [first, end)
  std::vector<std::string> places;         ///< kGeotiff: the lines of index.jsonl; kTensors: empty, a member is a place
  std::vector<ShardMember> members;        ///< by rising offset
  std::vector<LeftOutPlace> left_out;
  bool operator==(const ShardSidecar&) const = default;
};

/// Throws DataError with `origin` for a sidecar that is damaged, of another version, or whose members overlap or end
/// beyond the tar.
ShardSidecar parse_sidecar(const std::string& text, const std::string& origin);
std::string format_sidecar(const ShardSidecar& sidecar);

/// One shard as `shards.json` lists it.
struct ShardEntry {
  std::string tar;
  int64_t tar_bytes = 0, places = 0;
  bool operator==(const ShardEntry&) const = default;
};

/// Its presence says that a folder holds a finished set of shards.
inline constexpr const char* kShardListName = "shards.json";

/// `shards.json` of a finished set of shards.
struct ShardList {
  ShardKind kind = ShardKind::kGeotiff;
  std::vector<ShardEntry> shards;
  bool operator==(const ShardList&) const = default;
};

/// Throws DataError with `origin`.
ShardList parse_shard_list(const std::string& text, const std::string& origin);
std::string format_shard_list(const ShardList& list);

/// "shard-00012.tar", and the sidecar of a tar: "shard-00012.json".
std::string shard_name(int64_t number);
std::string sidecar_name(const std::string& tar);

/// CRC-32 of `bytes` that follow others whose CRC-32 is `previous`.
uint32_t crc32_of(std::string_view bytes, uint32_t previous = 0);

}  // namespace skysense
