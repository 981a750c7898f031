#include "core/shard_writer.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "core/tar.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

/// Files of ours that a run may have left: shards, sidecars, and what was being written when it was killed.
bool is_shard_file(const std::string& name) {
  return name.starts_with("shard-") || (name.starts_with(".shard-") && name.ends_with(".tmp"));
}

/// An interrupted run's sidecar of `tar`; nothing where either is missing or the tar is not as large as it says.
std::optional<ShardSidecar> whole_shard(const fs::path& folder, const std::string& tar) {
  const fs::path sidecar = folder / sidecar_name(tar);
  std::error_code missing;
  const auto bytes = fs::file_size(folder / tar, missing);
  if (missing || !fs::exists(sidecar)) return std::nullopt;
  ShardSidecar found = parse_sidecar(read_text_file(sidecar), sidecar.string());
  if (found.tar != tar || found.tar_bytes != static_cast<int64_t>(bytes)) return std::nullopt;
  return found;
}

}  // namespace

ShardWriter::ShardWriter(const fs::path& folder, ShardKind kind, const ShardSource& source, bool overwrite)
    : folder_(folder), kind_(kind), source_(source) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error) throw DataError(fmt::format("{}: cannot be created: {}", folder.string(), error.message()));
  lock_ = std::make_unique<FolderLock>(folder);
  if (overwrite) {
    for (const char* name : {kShardListName, "index.jsonl"}) fs::remove(folder / name);
  } else {
    const bool finished = fs::exists(folder / kShardListName);
    if (!finished) resume();
    // An index beside unlisted shards is what a run leaves that was killed at its very end.
    if (finished || (fs::exists(folder / "index.jsonl") && whole_.empty()))
      throw DataError(
          fmt::format("{}: holds a finished dataset; choose another folder or give --overwrite", folder.string()));
  }
  std::vector<fs::path> leftovers;
  for (const auto& entry : fs::directory_iterator(folder)) {
    const std::string name = entry.path().filename().string();
    const bool whole = std::any_of(whole_.begin(), whole_.end(), [&](const ShardSidecar& shard) {
      return name == shard.tar || name == sidecar_name(shard.tar);
    });
    if (is_shard_file(name) && !whole) leftovers.push_back(entry.path());
  }
  for (const fs::path& leftover : leftovers) fs::remove(leftover);
  if (!whole_.empty())
    spdlog::info("{}: {} shards are whole; going on with place {} of {}", folder.string(), whole_.size(), next_place_,
                 source_.places);
}

ShardWriter::FolderLock::FolderLock(const fs::path& folder)
    : fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC)) {
  if (fd >= 0 && ::flock(fd, LOCK_EX | LOCK_NB) == 0) return;
  if (fd >= 0) ::close(fd);
  throw DataError(fmt::format("{}: another run writes its shards just now", folder.string()));
}

ShardWriter::FolderLock::~FolderLock() { ::close(fd); }

void ShardWriter::resume() {
  while (auto shard = whole_shard(folder_, shard_name(static_cast<int64_t>(whole_.size())))) {
    if (shard->kind != kind_ || shard->source != source_ || shard->first_place != next_place_) {
      throw DataError(
          fmt::format("{}: has shards of another dataset, kind or size; choose another folder or give "
                      "--overwrite",
                      folder_.string()));
    }
    next_place_ = shard->end_place;
    whole_.push_back(std::move(*shard));
  }
}

void ShardWriter::open() {
  if (output_) return;
  shard_ = {};
  shard_.kind = kind_;
  shard_.tar = shard_name(static_cast<int64_t>(whole_.size()));
  shard_.source = source_;
  shard_.first_place = shard_.end_place = next_place_;
  output_ = std::make_unique<OutputFile>(folder_ / shard_.tar);
}

void ShardWriter::close() {
  if (!output_) return;
  output_->write(std::string(kTarEndBytes, '\0'));
  shard_.tar_bytes = output_->size();
  output_->finish();
  output_.reset();
  write_file_atomically(folder_ / sidecar_name(shard_.tar), format_sidecar(shard_));
  whole_.push_back(std::move(shard_));
}

bool ShardWriter::begin_place(int64_t bytes) {
  bool fresh = !output_;
  if (output_ && !shard_.members.empty() && output_->size() + bytes > source_.shard_size) {
    close();
    fresh = true;
  }
  open();
  return fresh;
}

ShardMember ShardWriter::add(const MemberSource& source) {
  if (source.bytes > kTarMaxMember)
    throw DataError(fmt::format("{}: {} bytes are too many for one member of a tar", source.name, source.bytes));
  output_->write(tar_header(source.name, source.bytes));
  ShardMember member{source.name, output_->size(), source.bytes, 0};
  source.copy([&](std::string_view bytes) {
    member.crc32 = crc32_of(bytes, member.crc32);
    output_->write(bytes);
  });
  if (output_->size() - member.offset != source.bytes) {
    throw DataError(fmt::format("{}: changed while it was copied: {} bytes, expected {}", source.name,
                                output_->size() - member.offset, source.bytes));
  }
  output_->write(std::string(static_cast<size_t>(tar_padding(source.bytes)), '\0'));
  shard_.members.push_back(member);
  return member;
}

void ShardWriter::end_place(const std::string& line) {
  if (kind_ == ShardKind::kGeotiff) shard_.places.push_back(line);
  shard_.end_place = ++next_place_;
}

void ShardWriter::leave_out(LeftOutPlace place) {
  open();
  shard_.left_out.push_back(std::move(place));
  shard_.end_place = ++next_place_;
}

const std::vector<ShardSidecar>& ShardWriter::finish() {
  close();
  return whole_;
}

void ShardWriter::publish() {
  ShardList list{kind_, {}};
  for (const ShardSidecar& shard : whole_) {
    const int64_t left_out = static_cast<int64_t>(shard.left_out.size());
    list.shards.push_back({shard.tar, shard.tar_bytes, shard.end_place - shard.first_place - left_out});
  }
  write_file_atomically(folder_ / kShardListName, format_shard_list(list));
}

std::string place_member_prefix(int64_t place, const std::string& id) {
  constexpr size_t kLongest = 60;
  std::string name = id.substr(0, kLongest);
  for (char& c : name) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-';
    if (!plain) c = '_';
  }
  return fmt::format("{:08}_{}", place, name);
}

int64_t parse_shard_size(const std::string& text) {
  int64_t number = 0;
  const char* end = text.data() + text.size();
  const auto [rest, error] = std::from_chars(text.data(), end, number);
  const std::string unit(rest, end);
  const int shift = unit.empty() ? 0 : unit == "K" ? 10 : unit == "M" ? 20 : unit == "G" ? 30 : -1;
  if (error != std::errc() || number < 1 || shift < 0 || number > (INT64_MAX >> shift))
    throw UsageError(fmt::format("--shard-size {}: expected bytes, as in 256M or 1G", text));
  return number << shift;
}

}  // namespace skysense
