#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <istream>
#include <optional>
#include <string>
#include <string_view>

namespace skysense {

/// A finished piece of a scene's output: its window and its bytes, whatever they mean to the writer.
struct JournalRecord {
  std::array<int64_t, 4> window{};  ///< row, column, rows, columns
  std::string bytes;
};

/// Reads a tile journal (docs/formats.md) from the beginning. What a killed writer left half written at the end, or
/// anything after damage, is as if it were not there.
class TileJournalReader {
 public:
  /// Reads the header. Throws DataError beginning with `origin` where there is none. A record holds `most` bytes at
  /// most.
  TileJournalReader(std::istream& stream, const std::string& origin, int64_t most);

  /// The text that the journal was created with.
  const std::string& header() const { return header_; }
  /// The next whole record, or nothing.
  std::optional<JournalRecord> next();
  /// Length of what has been read and is whole: where a writer goes on.
  int64_t whole_bytes() const { return whole_bytes_; }

 private:
  std::istream& stream_;
  const int64_t most_;
  std::string header_;
  int64_t whole_bytes_ = 0;
};

/// Writes a tile journal. Every record reaches the operating system whole before append returns, so a killed process
/// loses none; a failing machine may lose the last ones, whose checksums tell. One writer at a time: the file is locked
/// while the object lives. Errors are DataErrors naming the file.
class TileJournalWriter {
 public:
  /// Begins a journal; an earlier one of the name is replaced.
  TileJournalWriter(const std::filesystem::path& path, std::string_view header);
  /// Goes on with one, of which the first `whole_bytes` are kept.
  TileJournalWriter(const std::filesystem::path& path, int64_t whole_bytes);
  ~TileJournalWriter();
  TileJournalWriter(const TileJournalWriter&) = delete;
  TileJournalWriter& operator=(const TileJournalWriter&) = delete;

  void append(const JournalRecord& record);
  /// Removes the file: the work is done.
  void remove();

 private:
  void open();
  void write(std::string_view bytes);
  [[noreturn]] void fail() const;

  const std::filesystem::path path_;
  int fd_ = -1;
};

}  // namespace skysense
