#pragma once

#include <filesystem>
#include <string>

#include "viz/picture.h"

namespace skysense {

/// The picture as the bytes of a PNG file. Throws std::logic_error for a picture that is empty or of the wrong size.
std::string encode_png(const Picture& picture);

/// Writes a PNG that appears whole or not at all. Throws DataError with the path and the system's reason.
void write_png(const std::filesystem::path& file, const Picture& picture);

}  // namespace skysense
