#include "datasets/npy_file.h"

#include <fmt/format.h>

#include <stdexcept>
#include <vector>

#include "core/error.h"

namespace skysense {

NpyFile::NpyFile(const std::string& path) : path_(path), stream_(path, std::ios::binary | std::ios::ate) {
  if (!stream_) throw DataError(path + ": cannot be opened; check the path");
  const auto size = static_cast<int64_t>(stream_.tellg());
  std::vector<char> beginning(static_cast<size_t>(std::min(size, kNpyHeaderBytes)));
  stream_.seekg(0);
  stream_.read(beginning.data(), static_cast<std::streamsize>(beginning.size()));
  header_ = parse_npy_header(std::as_bytes(std::span(beginning)), path);
  if (header_.shape.size() < 2) {
    throw DataError(fmt::format("{}: an array of {} dimensions holds no rasters", path, header_.shape.size()));
  }
  if (size - header_.data_offset < header_.elements() * header_.item_bytes)
    throw DataError(path + ": cut short; copy or download it again");
  for (size_t i = 0; i + 2 < header_.shape.size(); ++i) planes_ *= header_.shape[i];
}

void NpyFile::read_plane(int64_t plane, int64_t x, int64_t y, int64_t width, int64_t height, float* values) {
  if (plane < 0 || plane >= planes_ || x < 0 || y < 0 || x + width > this->width() || y + height > this->height())
    throw std::logic_error("NpyFile::read_plane: outside the array");
  const int64_t row_bytes = width * header_.item_bytes;
  std::vector<std::byte> row(static_cast<size_t>(row_bytes));
  for (int64_t r = 0; r < height; ++r) {
    const int64_t first = (plane * this->height() + y + r) * this->width() + x;
    stream_.seekg(header_.data_offset + first * header_.item_bytes);
    stream_.read(reinterpret_cast<char*>(row.data()), row_bytes);
    if (!stream_) throw DataError(path_ + ": cannot be read; copy or download it again");
    for (int64_t i = 0; i < width; ++i) values[r * width + i] = static_cast<float>(npy_element(header_, row.data(), i));
  }
}

}  // namespace skysense
