#pragma once

#include <fstream>
#include <string>

#include "core/npy.h"

namespace skysense {

/// A NumPy array on disk whose last two dimensions are rasters ("planes"). One thread at a time.
class NpyFile {
 public:
  /// Throws DataError naming the file: missing, no such array (core/npy.h), fewer than two dimensions, cut short.
  explicit NpyFile(const std::string& path);

  const std::string& path() const { return path_; }
  const std::vector<int64_t>& shape() const { return header_.shape; }
  int64_t height() const { return header_.shape[header_.shape.size() - 2]; }
  int64_t width() const { return header_.shape.back(); }
  int64_t planes() const { return planes_; }
  /// Rows y to y + height of columns x to x + width of a plane, counted over the leading dimensions in C order.
  /// NaN stays NaN.
  void read_plane(int64_t plane, int64_t x, int64_t y, int64_t width, int64_t height, float* values);

 private:
  std::string path_;
  std::ifstream stream_;
  NpyHeader header_;
  int64_t planes_ = 1;
};

}  // namespace skysense
