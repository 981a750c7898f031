#include "core/output_file.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "core/error.h"
#include "core/files.h"

namespace skysense {

namespace fs = std::filesystem;

fs::path temporary_neighbour(const fs::path& path) {
  return path.parent_path() / fmt::format(".{}.{}.tmp", path.filename().string(), ::getpid());
}

OutputFile::OutputFile(const fs::path& path)
    : path_(path),
      temporary_(temporary_neighbour(path)),
      fd_(::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666)) {
  if (fd_ < 0) fail();
}

OutputFile::~OutputFile() {
  if (fd_ < 0) return;
  ::close(fd_);
  ::unlink(temporary_.c_str());
}

void OutputFile::fail() const {
  const int code = errno;
  const char* advice = code == ENOSPC ? "; free some space and run again" : "";
  throw DataError(fmt::format("{}: cannot be written: {}{}", path_.string(), std::strerror(code), advice));
}

void OutputFile::write(std::string_view bytes) {
  size_ += static_cast<int64_t>(bytes.size());
  while (!bytes.empty()) {
    const ssize_t written = ::write(fd_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail();
    bytes.remove_prefix(static_cast<size_t>(written));
  }
}

void OutputFile::finish() {
  if (::fsync(fd_) != 0) fail();
  const int fd = fd_;
  fd_ = -1;  // closed by close() even where that fails
  if (::close(fd) != 0 || ::rename(temporary_.c_str(), path_.c_str()) != 0) {
    const int code = errno;
    ::unlink(temporary_.c_str());
    errno = code;
    fail();
  }
  sync_to_disk(path_.has_parent_path() ? path_.parent_path() : fs::path("."));
}

}  // namespace skysense
