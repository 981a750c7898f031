#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace skysense {

/// Tar archives of plain files (POSIX.1-1988 ustar), as every tar program reads them. A member is a header block, its
/// bytes, and padding to whole blocks; two empty blocks end the archive.
inline constexpr int64_t kTarBlock = 512;
inline constexpr int64_t kTarEndBytes = 2 * kTarBlock;
inline constexpr int64_t kTarMaxName = 100;
inline constexpr int64_t kTarMaxMember = (int64_t{1} << 33) - 1;  ///< what eleven octal digits hold: 8 GiB

/// The header block of a member. Owner, times and rights are the same for all, so that the same members make the same
/// archive. Throws std::logic_error for a name or size beyond the limits above.
std::string tar_header(std::string_view name, int64_t bytes);
/// Zero bytes that follow a member's own.
int64_t tar_padding(int64_t bytes);

}  // namespace skysense
