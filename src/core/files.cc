#include "core/files.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sstream>

#include "core/error.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

[[noreturn]] void fail(const fs::path& path, const char* what) {
  const int code = errno;
  const char* advice = code == ENOSPC ? "; free some space and run again" : "";
  throw DataError(fmt::format("{}: {}: {}{}", path.string(), what, std::strerror(code), advice));
}

/// A file descriptor that closes itself.
class Descriptor {
 public:
  Descriptor(const fs::path& path, int flags) : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  bool close() {
    const int result = ::close(fd_);
    fd_ = -1;
    return result == 0;
  }

 private:
  int fd_;
};

fs::path temporary_neighbour(const fs::path& path) {
  return path.parent_path() / fmt::format(".{}.{}.tmp", path.filename().string(), ::getpid());
}

/// Swaps two folders in one step where the file system can, in two steps elsewhere.
void exchange(const fs::path& temporary, const fs::path& folder) {
  if (::renameat2(AT_FDCWD, temporary.c_str(), AT_FDCWD, folder.c_str(), RENAME_EXCHANGE) == 0) return;
  const fs::path replaced = temporary.string() + ".old";
  fs::rename(folder, replaced);
  fs::rename(temporary, folder);
  fs::rename(replaced, temporary);
}

fs::path folder_of(const fs::path& path) { return path.has_parent_path() ? path.parent_path() : fs::path("."); }

}  // namespace

std::string read_text_file(const fs::path& file) {
  if (fs::is_directory(file)) throw DataError(file.string() + ": is a folder, expected a file");
  std::ifstream stream(file, std::ios::binary);
  if (!stream) fail(file, "cannot be read");
  std::ostringstream text;
  text << stream.rdbuf();
  if (stream.bad()) fail(file, "cannot be read");
  return text.str();
}

void sync_to_disk(const fs::path& path) {
  Descriptor descriptor(path, O_RDONLY);
  if (descriptor.get() < 0 || ::fsync(descriptor.get()) != 0) fail(path, "cannot be flushed to disk");
}

void sync_file_system(const fs::path& path) {
  Descriptor descriptor(path, O_RDONLY);
  if (descriptor.get() < 0 || ::syncfs(descriptor.get()) != 0) fail(path, "cannot be flushed to disk");
}

void write_file_atomically(const fs::path& file, std::string_view bytes) {
  write_file_atomically(file, std::vector<std::string_view>{bytes});
}

void write_file_atomically(const fs::path& file, const std::vector<std::string_view>& pieces) {
  const fs::path temporary = temporary_neighbour(file);
  try {
    Descriptor descriptor(temporary, O_WRONLY | O_CREAT | O_TRUNC);
    if (descriptor.get() < 0) fail(file, "cannot be written");
    for (std::string_view bytes : pieces) {
      while (!bytes.empty()) {
        const ssize_t written = ::write(descriptor.get(), bytes.data(), bytes.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) fail(file, "cannot be written");
        bytes.remove_prefix(static_cast<size_t>(written));
      }
    }
    if (::fsync(descriptor.get()) != 0 || !descriptor.close()) fail(file, "cannot be written");
    if (::rename(temporary.c_str(), file.c_str()) != 0) fail(file, "cannot be written");
  } catch (...) {
    ::unlink(temporary.c_str());
    throw;
  }
  sync_to_disk(folder_of(file));
}

void write_folder_atomically(const fs::path& folder, const std::function<void(const fs::path&)>& fill) {
  const fs::path temporary = temporary_neighbour(folder);
  std::error_code ignored;
  fs::remove_all(temporary, ignored);
  try {
    std::error_code error;
    fs::create_directories(temporary, error);
    if (error) throw DataError(fmt::format("{}: cannot be created: {}", folder.string(), error.message()));
    fill(temporary);
    for (const auto& entry : fs::recursive_directory_iterator(temporary)) sync_to_disk(entry.path());
    sync_to_disk(temporary);
    if (fs::exists(folder)) {
      exchange(temporary, folder);
      fs::remove_all(temporary, ignored);
    } else {
      fs::rename(temporary, folder);
    }
  } catch (...) {
    fs::remove_all(temporary, ignored);
    throw;
  }
  sync_to_disk(folder_of(folder));
}

}  // namespace skysense
