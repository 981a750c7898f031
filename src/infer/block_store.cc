#include "infer/block_store.h"

#include <fmt/format.h>

#include <array>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/log.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr int64_t kMostBytes = int64_t{1} << 30;  // of a block

// A record of an empty window names a run's folder of unfinished files.
constexpr std::array<int64_t, 4> kNote = {0, 0, 0, 0};

std::map<std::string, std::string> parse_conditions(const std::string& header, const fs::path& path) {
  try {
    return nlohmann::json::parse(header).get<std::map<std::string, std::string>>();
  } catch (const nlohmann::json::exception& error) {
    throw DataError(fmt::format("{}: is no journal of a prediction; remove it", path.string()));
  }
}

}  // namespace

BlockStore::BlockStore(const fs::path& path, const std::map<std::string, std::string>& conditions, bool resume,
                       bool overwrite, const fs::path& staging)
    : path_(path), staging_(fs::absolute(staging)) {
  const bool there = fs::exists(path);
  if (there && !resume && !overwrite) {
    throw DataError(
        fmt::format("{}: a run of this output was interrupted; go on with --resume, or begin anew with "
                    "--overwrite",
                    path.string()));
  }
  if (there && resume) {
    stream_.open(path, std::ios::binary);
    reader_.emplace(stream_, path.string(), kMostBytes);
    check_conditions(conditions);
    return;
  }
  writer_ = std::make_unique<TileJournalWriter>(path, nlohmann::json(conditions).dump());
  note_staging();
}

BlockStore::~BlockStore() {
  if (empty_) remove();
}

void BlockStore::check_conditions(const std::map<std::string, std::string>& conditions) {
  std::map<std::string, std::string> earlier = parse_conditions(reader_->header(), path_);
  for (const auto& [name, value] : conditions) {
    if (earlier[name] == value) continue;
    throw DataError(
        fmt::format("{}: the interrupted run had another {} ({}, now {}); give the same, or begin anew with "
                    "--overwrite",
                    path_.string(), name, earlier[name], value));
  }
}

void BlockStore::note_staging() { writer_->append({kNote, staging_.string()}); }

void BlockStore::remove_staging(const fs::path& staging) const {
  // Only what lies where this program would have put it.
  const bool own = staging.filename().string().starts_with(".") && staging.parent_path() == staging_.parent_path();
  std::error_code ignored;
  if (own && staging != staging_) fs::remove_all(staging, ignored);
}

std::optional<JournalRecord> BlockStore::next_finished() {
  if (!reader_) return std::nullopt;
  while (auto record = reader_->next()) {
    if (record->window == kNote) {
      remove_staging(record->bytes);
      continue;
    }
    empty_ = false;
    return record;
  }
  const int64_t whole = reader_->whole_bytes();
  reader_.reset();
  stream_.close();
  writer_ = std::make_unique<TileJournalWriter>(path_, whole);
  note_staging();
  return std::nullopt;
}

void BlockStore::append(const CellWindow& block, std::string bytes) {
  writer_->append({{block.row, block.column, block.rows, block.columns}, std::move(bytes)});
  empty_ = false;
}

void BlockStore::remove() {
  if (writer_) writer_->remove();
}

}  // namespace skysense
