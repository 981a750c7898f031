#include "engine/event_file.h"

#include <fmt/format.h>
#include <unistd.h>

#include <array>
#include <bit>
#include <chrono>
#include <cstring>

#include "core/error.h"

namespace skysense {
namespace {

constexpr std::array<uint32_t, 256> make_crc_table() {
  std::array<uint32_t, 256> table{};
  for (uint32_t byte = 0; byte < 256; ++byte) {
    uint32_t value = byte;
    for (int bit = 0; bit < 8; ++bit)
      value = (value >> 1) ^ ((value & 1) != 0 ? 0x82F63B78u : 0u);  // Castagnoli, reflected
    table[byte] = value;
  }
  return table;
}
constexpr auto kCrcTable = make_crc_table();

/// TFRecord stores checksums so, that a file of files does not hold its own checksum.
uint32_t masked_crc(std::string_view bytes) { return std::rotr(crc32c(bytes), 15) + 0xA282EAD8u; }

template <class T>
std::string little_endian(T value) {
  std::string bytes(sizeof(T), '\0');
  for (size_t i = 0; i < sizeof(T); ++i) bytes[i] = static_cast<char>(value >> (8 * i));
  return bytes;
}

// Protocol-buffer encoding: a field is its number and wire type, then the value.
enum WireType : uint64_t { kVarint = 0, kFixed64 = 1, kBytes = 2, kFixed32 = 5 };

std::string varint(uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes.push_back(static_cast<char>(value | 0x80));
  bytes.push_back(static_cast<char>(value));
  return bytes;
}
std::string key(uint64_t field, WireType type) { return varint(field << 3 | type); }
std::string bytes_field(uint64_t field, std::string_view value) {
  return key(field, kBytes) + varint(value.size()) + std::string(value);
}
std::string varint_field(uint64_t field, uint64_t value) { return key(field, kVarint) + varint(value); }
std::string double_field(uint64_t field, double value) {
  return key(field, kFixed64) + little_endian(std::bit_cast<uint64_t>(value));
}
std::string float_field(uint64_t field, float value) {
  return key(field, kFixed32) + little_endian(std::bit_cast<uint32_t>(value));
}

double wall_time_s() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

// message Event { double wall_time = 1; int64 step = 2; string file_version = 3; Summary summary = 5; SessionLog
// session_log = 7; }
std::string event(int64_t step, const std::string& content) {
  return double_field(1, wall_time_s()) + varint_field(2, static_cast<uint64_t>(step)) + content;
}

std::string unused_name(const std::filesystem::path& folder) {
  std::array<char, 256> host{};
  ::gethostname(host.data(), host.size() - 1);
  for (int64_t seconds = static_cast<int64_t>(wall_time_s());; ++seconds) {
    const auto name = fmt::format("events.out.tfevents.{}.{}.{}", seconds, host.data(), ::getpid());
    if (!std::filesystem::exists(folder / name)) return name;
  }
}

}  // namespace

uint32_t crc32c(std::string_view bytes) {
  uint32_t value = 0xFFFFFFFFu;
  for (const char c : bytes) value = (value >> 8) ^ kCrcTable[(value ^ static_cast<unsigned char>(c)) & 0xFF];
  return ~value;
}

EventFile::EventFile(const std::filesystem::path& folder, int64_t first_step)
    : path_(folder / unused_name(folder)), stream_(path_, std::ios::binary) {
  write_record(double_field(1, wall_time_s()) + bytes_field(3, "brain.Event:2"));
  // SessionLog { status = 1: START }: readers forget what they had at this step and later.
  if (first_step > 0) write_record(event(first_step, bytes_field(7, varint_field(1, 1))));
  flush();
}

void EventFile::add_scalar(int64_t step, const std::string& tag, double value) {
  // message Summary { repeated Value value = 1; }  message Value { string tag = 1; float simple_value = 2; }
  const std::string item = bytes_field(1, tag) + float_field(2, static_cast<float>(value));
  write_record(event(step, bytes_field(5, bytes_field(1, item))));
}

void EventFile::write_record(std::string_view event) {
  const std::string length = little_endian(static_cast<uint64_t>(event.size()));
  stream_ << length << little_endian(masked_crc(length)) << event << little_endian(masked_crc(event));
}

void EventFile::flush() {
  if (!stream_.flush()) throw DataError(fmt::format("{}: cannot be written: {}", path_.string(), std::strerror(errno)));
}

}  // namespace skysense
