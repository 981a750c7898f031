#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "core/tile_journal.h"
#include "infer/cell_window.h"

namespace skysense {

/// What is said of a run that was interrupted while a BlockStore was open.
inline constexpr const char* kResumeAdvice = "; the finished part is kept: run again with --resume to go on";

/// The journal of a scene's finished blocks: what is there already, and where new ones go.
class BlockStore {
 public:
  /// `conditions` name what the blocks' bytes depend on. Opens the journal at `path`: with `resume` one that is there
  /// goes on, with `overwrite` it is begun anew. `staging` is this run's folder of unfinished files; that of the run
  /// that was interrupted is removed. Throws DataError where a journal is there and neither is wanted, or its
  /// conditions differ, naming which.
  BlockStore(const std::filesystem::path& path, const std::map<std::string, std::string>& conditions, bool resume,
             bool overwrite, const std::filesystem::path& staging);

  /// Removes a journal without any block: there is nothing to go on from.
  ~BlockStore();
  BlockStore(const BlockStore&) = delete;
  BlockStore& operator=(const BlockStore&) = delete;

  /// The next block that an earlier run finished, in the order of the journal. Call until there is none before append.
  std::optional<JournalRecord> next_finished();
  void append(const CellWindow& block, std::string bytes);
  /// Removes the journal.
  void remove();

 private:
  void check_conditions(const std::map<std::string, std::string>& conditions);
  void note_staging();
  void remove_staging(const std::filesystem::path& staging) const;

  const std::filesystem::path path_, staging_;
  std::ifstream stream_;
  std::optional<TileJournalReader> reader_;  // of an earlier run's blocks
  std::unique_ptr<TileJournalWriter> writer_;
  bool empty_ = true;
};

}  // namespace skysense
