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
#include "core/output_file.h"

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

 private:
  int fd_;
};

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
  OutputFile output(file);
  for (const std::string_view bytes : pieces) output.write(bytes);
  output.finish();
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
