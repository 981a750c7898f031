#include "core/tile_journal.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "core/error.h"

namespace skysense {
namespace {

// A journal: kMagic; u32 length and bytes of the header; u32 CRC-32 of these. Then records: i64 row, column, rows,
// columns; u64 bytes; u64 compressed bytes; these, deflated (zlib); u32 CRC-32 of all of it. Little-endian.
constexpr std::string_view kMagic = "SKYTILE1";
constexpr int64_t kLargestHeader = int64_t{1} << 24;
constexpr int64_t kPiece = int64_t{1} << 20;  // read at once, so that a damaged length cannot ask for all memory
constexpr int kFastCompression = 1;

uint32_t checksum(std::string_view bytes) {
  return static_cast<uint32_t>(
      crc32(0, reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<unsigned>(bytes.size())));
}

void put(std::string& bytes, uint64_t value, int count) {
  for (int i = 0; i < count; ++i) bytes += static_cast<char>(value >> (8 * i) & 0xff);
}

uint64_t get(std::string_view bytes, size_t at, int count) {
  uint64_t value = 0;
  for (int i = 0; i < count; ++i)
    value |= static_cast<uint64_t>(static_cast<unsigned char>(bytes[at + static_cast<size_t>(i)])) << (8 * i);
  return value;
}

/// The next `count` bytes appended to `bytes`; false where the stream ends before.
bool take(std::istream& stream, uint64_t count, std::string& bytes) {
  while (count > 0) {
    const size_t had = bytes.size();
    const auto piece = static_cast<size_t>(std::min<uint64_t>(count, kPiece));
    bytes.resize(had + piece);
    stream.read(bytes.data() + had, static_cast<std::streamsize>(piece));
    if (stream.gcount() != static_cast<std::streamsize>(piece)) return false;
    count -= piece;
  }
  return true;
}

std::string deflated(std::string_view bytes) {
  uLongf size = compressBound(bytes.size());
  std::string result(size, '\0');
  compress2(reinterpret_cast<Bytef*>(result.data()), &size, reinterpret_cast<const Bytef*>(bytes.data()), bytes.size(),
            kFastCompression);
  result.resize(size);
  return result;
}

/// Nothing where the bytes are no deflated text of that length.
std::optional<std::string> inflated(std::string_view bytes, uint64_t size) {
  std::string result(size, '\0');
  uLongf got = size;
  const int status = uncompress(reinterpret_cast<Bytef*>(result.data()), &got,
                                reinterpret_cast<const Bytef*>(bytes.data()), bytes.size());
  if (status != Z_OK || got != size) return std::nullopt;
  return result;
}

}  // namespace

TileJournalReader::TileJournalReader(std::istream& stream, const std::string& origin, int64_t most)
    : stream_(stream), most_(most) {
  std::string bytes;
  const bool begins = take(stream_, kMagic.size() + 4, bytes) && bytes.starts_with(kMagic);
  const uint64_t length = begins ? get(bytes, kMagic.size(), 4) : 0;
  if (!begins || length > kLargestHeader || !take(stream_, length + 4, bytes) ||
      checksum(std::string_view(bytes).substr(0, bytes.size() - 4)) != get(bytes, bytes.size() - 4, 4)) {
    throw DataError(fmt::format("{}: is no tile journal, or damaged; remove it", origin));
  }
  header_ = bytes.substr(kMagic.size() + 4, length);
  whole_bytes_ = static_cast<int64_t>(bytes.size());
}

std::optional<JournalRecord> TileJournalReader::next() {
  constexpr size_t kLengths = 6 * 8;
  std::string bytes;
  if (!take(stream_, kLengths, bytes)) return std::nullopt;
  const uint64_t size = get(bytes, 32, 8), compressed = get(bytes, 40, 8);
  if (size > static_cast<uint64_t>(most_) || compressed > compressBound(size)) return std::nullopt;
  if (!take(stream_, compressed + 4, bytes)) return std::nullopt;
  const std::string_view text(bytes);
  if (checksum(text.substr(0, text.size() - 4)) != get(bytes, text.size() - 4, 4)) return std::nullopt;
  JournalRecord record;
  for (size_t i = 0; i < record.window.size(); ++i) record.window[i] = static_cast<int64_t>(get(bytes, 8 * i, 8));
  auto content = inflated(text.substr(kLengths, compressed), size);
  if (!content) return std::nullopt;
  record.bytes = std::move(*content);
  whole_bytes_ += static_cast<int64_t>(bytes.size());
  return record;
}

TileJournalWriter::TileJournalWriter(const std::filesystem::path& path, std::string_view header) : path_(path) {
  open();
  if (::ftruncate(fd_, 0) != 0) fail();
  std::string bytes(kMagic);
  put(bytes, header.size(), 4);
  bytes += header;
  put(bytes, checksum(bytes), 4);
  write(bytes);
}

TileJournalWriter::TileJournalWriter(const std::filesystem::path& path, int64_t whole_bytes) : path_(path) {
  open();
  if (::ftruncate(fd_, whole_bytes) != 0 || ::lseek(fd_, 0, SEEK_END) < 0) fail();
}

TileJournalWriter::~TileJournalWriter() {
  if (fd_ >= 0) ::close(fd_);
}

void TileJournalWriter::open() {
  fd_ = ::open(path_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0644);
  if (fd_ < 0) fail();
  if (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    ::close(fd_);
    fd_ = -1;
    throw DataError(fmt::format("{}: another process is writing this output", path_.string()));
  }
}

void TileJournalWriter::append(const JournalRecord& record) {
  const std::string content = deflated(record.bytes);
  std::string bytes;
  for (const int64_t value : record.window) put(bytes, static_cast<uint64_t>(value), 8);
  put(bytes, record.bytes.size(), 8);
  put(bytes, content.size(), 8);
  bytes += content;
  put(bytes, checksum(bytes), 4);
  write(bytes);
}

void TileJournalWriter::write(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail();
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

void TileJournalWriter::remove() {
  std::error_code ignored;
  std::filesystem::remove(path_, ignored);
}

void TileJournalWriter::fail() const {
  throw DataError(fmt::format("{}: cannot be written: {}; check the free space and the permissions of the folder",
                              path_.string(), std::strerror(errno)));
}

}  // namespace skysense
