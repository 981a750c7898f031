#pragma once

#include <filesystem>
#include <functional>
#include <ostream>
#include <string>
#include <string_view>
#include <vector>

namespace skysense {

/// The whole file as text. Throws DataError with the path and the system's reason.
std::string read_text_file(const std::filesystem::path& file);

/// Writes a file that appears whole or not at all: a temporary neighbour, fsync, rename, fsync of the folder.
/// Throws DataError with the path and the reason (a full disk says so); an earlier file of the name then survives.
void write_file_atomically(const std::filesystem::path& file, std::string_view bytes);
/// The same for a file in pieces, which are never joined in memory.
void write_file_atomically(const std::filesystem::path& file, const std::vector<std::string_view>& pieces);

/// Fills a temporary folder through `fill` and renames it to `folder`, which appears whole or not at all.
/// An earlier folder of the name is replaced only once the new one is complete. What `fill` throws goes on to the
/// caller.
void write_folder_atomically(const std::filesystem::path& folder,
                             const std::function<void(const std::filesystem::path& temporary)>& fill);

/// fsync of a file or folder. Throws DataError.
void sync_to_disk(const std::filesystem::path& path);
/// The same for everything written to the file system that holds `path`: cheaper than one fsync for each of many files.
void sync_file_system(const std::filesystem::path& path);

}  // namespace skysense
