#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

namespace skysense {

/// A file written piece by piece that appears whole or not at all: bytes go to a temporary neighbour, which `finish`
/// flushes to the disk and renames. Until then an earlier file of the name is untouched; one destroyed before leaves
/// nothing. Errors are DataErrors with the path and the system's reason (a full disk says so).
class OutputFile {
 public:
  explicit OutputFile(const std::filesystem::path& path);
  ~OutputFile();
  OutputFile(const OutputFile&) = delete;
  OutputFile& operator=(const OutputFile&) = delete;

  void write(std::string_view bytes);
  /// Bytes written so far.
  int64_t size() const { return size_; }
  /// Makes the file appear. No write may follow.
  void finish();

 private:
  [[noreturn]] void fail() const;
  const std::filesystem::path path_, temporary_;
  int fd_ = -1;
  int64_t size_ = 0;
};

/// Where a file or folder is built before it takes its name: a hidden neighbour.
std::filesystem::path temporary_neighbour(const std::filesystem::path& path);

}  // namespace skysense
