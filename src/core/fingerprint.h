#pragma once

#include <filesystem>
#include <string>

namespace skysense {

/// 16 hexadecimal digits that tell files apart: a 64-bit mix of all bytes. No protection against forgery.
/// Throws DataError where the file cannot be read.
std::string fingerprint(const std::filesystem::path& file);

}  // namespace skysense
