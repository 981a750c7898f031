#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace skysense {

/// What a NumPy file (.npy, NEP 1) holds: plain little-endian numbers in C order. Others are refused.
struct NpyHeader {
  char kind = 'f';         ///< 'i' signed, 'u' unsigned, 'f' floating, 'b' bool
  int64_t item_bytes = 4;  ///< 1, 2, 4 or 8
  std::vector<int64_t> shape;
  int64_t data_offset = 0;  ///< of the first element in the file

  /// 1 without dimensions. It fits, with its bytes, in int64_t.
  int64_t elements() const;
};

/// The longest header that is read: what to hand to `parse_npy_header` of a longer file.
inline constexpr int64_t kNpyHeaderBytes = 4096;

/// Reads the beginning of a file. Throws DataError that starts with `origin` for anything but such an array: another
/// format, Fortran order, big-endian, complex or structured elements, more than 8 dimensions.
NpyHeader parse_npy_header(std::span<const std::byte> beginning, const std::string& origin);

/// Element `number` of little-endian data of the header's type. `data` holds it.
double npy_element(const NpyHeader& header, const std::byte* data, int64_t number);

}  // namespace skysense
