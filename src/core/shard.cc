#include "core/shard.h"

#include <fmt/format.h>
#include <zlib.h>

#include <charconv>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/tar.h"
#include "core/whole_number.h"

namespace skysense {
namespace {

using nlohmann::json;

constexpr int64_t kFormatVersion = 1;

void require_version(const json& document) {
  const int64_t version = whole_number(document, "format_version");
  if (version != kFormatVersion)
    throw DataError(fmt::format("format_version is {}, this program reads {}", version, kFormatVersion));
}

/// A file name without any folder: what stands beside the sidecar.
std::string plain_name(const json& document, const char* key) {
  auto name = document.at(key).get<std::string>();
  if (name.empty() || name.find('/') != std::string::npos || name == "." || name == "..")
    throw DataError(fmt::format("'{}' is no file name", name));
  return name;
}

int64_t count(const json& document, const char* key) {
  const int64_t value = whole_number(document, key);
  if (value < 0) throw DataError(fmt::format("{} is {}", key, value));
  return value;
}

std::string checksum_text(uint32_t value) { return fmt::format("{:08x}", value); }

uint32_t checksum(const json& document) {
  const auto text = document.at("crc32").get<std::string>();
  uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.size() != 8 || error != std::errc() || end != text.data() + text.size())
    throw DataError(fmt::format("crc32 '{}' is not eight hexadecimal digits", text));
  return value;
}

/// Runs `read` on the text's JSON; what does not fit becomes a DataError that starts with `origin`.
template <class Read>
auto read_document(const std::string& text, const std::string& origin, Read read) {
  try {
    const json document = json::parse(text);
    require_version(document);
    return read(document);
  } catch (const json::exception& error) {
    throw DataError(fmt::format("{}: damaged: {}", origin, error.what()));
  } catch (const DataError& error) {
    throw DataError(fmt::format("{}: {}", origin, error.what()));
  }
}

/// Members lie one behind the other within the tar.
void require_order(const ShardSidecar& sidecar) {
  int64_t end = 0;
  for (const ShardMember& member : sidecar.members) {
    const bool fits =
        member.offset >= end && member.offset <= sidecar.tar_bytes && member.bytes <= sidecar.tar_bytes - member.offset;
    if (!fits)
      throw DataError(fmt::format("member '{}' at byte {} with {} bytes overlaps another or ends beyond the {} of {}",
                                  member.name, member.offset, member.bytes, sidecar.tar_bytes, sidecar.tar));
    end = member.offset + member.bytes;
  }
}

}  // namespace

std::string_view shard_kind_name(ShardKind kind) { return kind == ShardKind::kGeotiff ? "geotiff" : "tensors"; }

ShardKind parse_shard_kind(std::string_view name) {
  if (name == "geotiff") return ShardKind::kGeotiff;
  if (name == "tensors") return ShardKind::kTensors;
  throw DataError(fmt::format("'{}' is no kind of shards; there are geotiff and tensors", name));
}

ShardSidecar parse_sidecar(const std::string& text, const std::string& origin) {
  return read_document(text, origin, [](const json& document) {
    ShardSidecar sidecar;
    sidecar.kind = parse_shard_kind(document.at("kind").get<std::string>());
    sidecar.tar = plain_name(document, "tar");
    sidecar.tar_bytes = count(document, "bytes");
    const json& source = document.at("source");
    sidecar.source = {count(source, "places"), checksum(source), count(source, "shard_size")};
    sidecar.first_place = count(document, "first_place");
    sidecar.end_place = count(document, "end_place");
    if (sidecar.first_place > sidecar.end_place || sidecar.end_place > sidecar.source.places)
      throw DataError(
          fmt::format("it holds places {} to {} of {}", sidecar.first_place, sidecar.end_place, sidecar.source.places));
    for (const json& place : document.at("places")) sidecar.places.push_back(place.dump());
    for (const json& member : document.at("members")) {
      sidecar.members.push_back(
          {member.at("name").get<std::string>(), count(member, "offset"), count(member, "bytes"), checksum(member)});
    }
    for (const json& place : document.at("left_out"))
      sidecar.left_out.push_back({place.at("id").get<std::string>(), place.at("reason").get<std::string>()});
    require_order(sidecar);
    return sidecar;
  });
}

std::string format_sidecar(const ShardSidecar& sidecar) {
  json document = {{"format_version", kFormatVersion},
                   {"kind", shard_kind_name(sidecar.kind)},
                   {"tar", sidecar.tar},
                   {"bytes", sidecar.tar_bytes},
                   {"source",
                    {{"places", sidecar.source.places},
                     {"crc32", checksum_text(sidecar.source.crc32)},
                     {"shard_size", sidecar.source.shard_size}}},
                   {"first_place", sidecar.first_place},
                   {"end_place", sidecar.end_place},
                   {"places", json::array()},
                   {"members", json::array()},
                   {"left_out", json::array()}};
  for (const std::string& place : sidecar.places) document["places"].push_back(json::parse(place));
  for (const ShardMember& member : sidecar.members) {
    document["members"].push_back({{"name", member.name},
                                   {"offset", member.offset},
                                   {"bytes", member.bytes},
                                   {"crc32", checksum_text(member.crc32)}});
  }
  for (const LeftOutPlace& place : sidecar.left_out)
    document["left_out"].push_back({{"id", place.id}, {"reason", place.reason}});
  return document.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

ShardList parse_shard_list(const std::string& text, const std::string& origin) {
  return read_document(text, origin, [](const json& document) {
    ShardList list;
    list.kind = parse_shard_kind(document.at("kind").get<std::string>());
    for (const json& shard : document.at("shards"))
      list.shards.push_back({plain_name(shard, "tar"), count(shard, "bytes"), count(shard, "places")});
    return list;
  });
}

std::string format_shard_list(const ShardList& list) {
  json shards = json::array();
  for (const ShardEntry& shard : list.shards)
    shards.push_back({{"tar", shard.tar}, {"bytes", shard.tar_bytes}, {"places", shard.places}});
  return json{{"format_version", kFormatVersion}, {"kind", shard_kind_name(list.kind)}, {"shards", shards}}.dump(2) +
         "\n";
}

std::string shard_name(int64_t number) { return fmt::format("shard-{:05}.tar", number); }

std::string sidecar_name(const std::string& tar) { return tar.substr(0, tar.rfind('.')) + ".json"; }

uint32_t crc32_of(std::string_view bytes, uint32_t previous) {
  return static_cast<uint32_t>(::crc32_z(previous, reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size()));
}

}  // namespace skysense
