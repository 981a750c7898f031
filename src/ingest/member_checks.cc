#include "ingest/member_checks.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <charconv>
#include <mutex>
#include <optional>
#include <vector>

#include "core/error.h"
#include "raster/vsi_file.h"

namespace skysense {
namespace {

constexpr int64_t kPiece = int64_t{1} << 20;

struct Subfile {
  int64_t offset = 0, bytes = 0;
  std::string tar;
};

/// "/vsisubfile/512_1000,shard-00000.tar"; nothing for other paths.
std::optional<Subfile> parse_subfile(const std::string& path) {
  constexpr std::string_view kPrefix = "/vsisubfile/";
  if (!path.starts_with(kPrefix)) return std::nullopt;
  const char* const end = path.data() + path.size();
  Subfile part;
  const auto offset = std::from_chars(path.data() + kPrefix.size(), end, part.offset);
  if (offset.ec != std::errc() || offset.ptr == end || *offset.ptr != '_') return std::nullopt;
  const auto bytes = std::from_chars(offset.ptr + 1, end, part.bytes);
  if (bytes.ec != std::errc() || bytes.ptr == end || *bytes.ptr != ',') return std::nullopt;
  part.tar.assign(bytes.ptr + 1, end);
  return part;
}

}  // namespace

struct MemberChecks::Shard {
  std::once_flag once;
  ShardSidecar sidecar;
  std::vector<std::atomic<bool>> good;
};

MemberChecks::MemberChecks(const DatasetLocation& location) : location_(location) {
  if (!location.exists(kShardListName)) return;
  const ShardList list = parse_shard_list(location.read(kShardListName), location.file(kShardListName));
  for (const ShardEntry& entry : list.shards) shards_[entry.tar] = std::make_unique<Shard>();
}

MemberChecks::~MemberChecks() = default;

void MemberChecks::verify(const std::string& path) {
  const auto part = parse_subfile(path);
  if (!part) return;
  const auto found = shards_.find(part->tar);
  if (found == shards_.end()) return;
  Shard& shard = *found->second;
  std::call_once(shard.once, [&] {
    const std::string name = sidecar_name(part->tar);
    shard.sidecar = parse_sidecar(location_.read(name), location_.file(name));
    shard.good = std::vector<std::atomic<bool>>(shard.sidecar.members.size());
  });
  const auto& members = shard.sidecar.members;
  const auto member = std::lower_bound(members.begin(), members.end(), part->offset,
                                       [](const ShardMember& item, int64_t offset) { return item.offset < offset; });
  const std::string tar = location_.file(part->tar);
  if (member == members.end() || member->offset != part->offset || member->bytes != part->bytes)
    throw DataError(
        fmt::format("{}: has no member of {} bytes at {}: the index is not its own", tar, part->bytes, part->offset));
  std::atomic<bool>& good = shard.good[static_cast<size_t>(member - members.begin())];
  if (good) return;
  VsiFile file(fmt::format("/vsisubfile/{}_{},{}", member->offset, member->bytes, tar));
  uint32_t crc = 0;
  int64_t read = 0;
  for (std::string piece = file.read(kPiece); !piece.empty(); piece = file.read(kPiece)) {
    crc = crc32_of(piece, crc);
    read += static_cast<int64_t>(piece.size());
  }
  if (read != member->bytes || crc != member->crc32) {
    throw DataError(fmt::format("{}: member {} is damaged: {}", tar, member->name,
                                read != member->bytes
                                    ? fmt::format("cut short after {} of {} bytes", read, member->bytes)
                                    : "its checksum differs; copy the shard again"));
  }
  good = true;
}

}  // namespace skysense
