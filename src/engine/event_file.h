#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

namespace skysense {

/// A TensorBoard event file with scalars: TFRecord frames (length, masked CRC-32C, bytes, masked CRC-32C) around
/// tensorflow.Event messages. Formats: tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto.
class EventFile {
 public:
  /// Creates FOLDER/events.out.tfevents.SECONDS.HOST.PID, whose name no earlier file of the folder has. TensorBoard
  /// then drops what other files of the folder recorded at `first_step` or later. Throws DataError.
  EventFile(const std::filesystem::path& folder, int64_t first_step);
  void add_scalar(int64_t step, const std::string& tag, double value);
  void flush();
  const std::filesystem::path& path() const { return path_; }

 private:
  void write_record(std::string_view event);

  std::filesystem::path path_;
  std::ofstream stream_;
};

/// CRC-32C (Castagnoli), as RFC 3720 defines it.
uint32_t crc32c(std::string_view bytes);

}  // namespace skysense
