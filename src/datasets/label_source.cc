#include "datasets/label_source.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.h"
#include "raster/burn_areas.h"
#include "raster/raster_reader.h"

namespace skysense {
namespace {

constexpr int64_t kIgnored = -1;

/// Values of a label as they are stored: bands [C, h, w] and validity [h, w].
struct StoredLabel {
  std::vector<float> values;
  std::vector<uint8_t> valid;
};

StoredLabel read_raster(const std::string& path, int64_t bands, const PixelWindow& window) {
  const RasterReader reader(path);
  if (static_cast<int64_t>(reader.bands().size()) < bands) {
    throw DataError(fmt::format("{}: {} bands, {} expected of the label", path, reader.bands().size(), bands));
  }
  StoredLabel label{std::vector<float>(static_cast<size_t>(bands * window.pixels())),
                    std::vector<uint8_t>(static_cast<size_t>(window.pixels()))};
  reader.read(window, band_range(bands), label.values.data(), label.valid.data());
  return label;
}

[[noreturn]] void refuse(const std::string& path, const PixelWindow& window, int64_t pixel, const std::string& value,
                         const std::string& known) {
  throw DataError(fmt::format("{}: label value {} at column {}, row {} stands for no class; known are {}", path, value,
                              window.x + pixel % window.width, window.y + pixel / window.width, known));
}

void decode_values(const StoredLabel& stored, const LabelCoding& coding, const std::string& path,
                   const PixelWindow& window, int64_t* classes) {
  for (int64_t i = 0; i < window.pixels(); ++i) {
    if (stored.valid[static_cast<size_t>(i)] == 0) continue;
    const float value = stored.values[static_cast<size_t>(i)];
    const auto found = coding.values.find(static_cast<int64_t>(value));
    if (found == coding.values.end() || static_cast<float>(found->first) != value) {
      std::vector<int64_t> known;
      for (const auto& [stored_value, number] : coding.values) known.push_back(stored_value);
      refuse(path, window, i, fmt::format("{}", value), fmt::format("{}", fmt::join(known, ", ")));
    }
    classes[i] = found->second;
  }
}

void decode_colours(const StoredLabel& stored, const LabelCoding& coding, const std::string& path,
                    const PixelWindow& window, int64_t* classes) {
  const int64_t plane = window.pixels();
  for (int64_t i = 0; i < plane; ++i) {
    if (stored.valid[static_cast<size_t>(i)] == 0) continue;
    std::array<uint8_t, 3> colour{};
    for (int64_t c = 0; c < 3; ++c)
      colour[static_cast<size_t>(c)] = static_cast<uint8_t>(stored.values[static_cast<size_t>(c * plane + i)]);
    const auto found = coding.colours.find(colour);
    if (found == coding.colours.end()) {
      std::vector<std::string> known;
      for (const auto& [rgb, number] : coding.colours) known.push_back(fmt::format("({})", fmt::join(rgb, ",")));
      refuse(path, window, i, fmt::format("({})", fmt::join(colour, ",")), fmt::format("{}", fmt::join(known, " ")));
    }
    classes[i] = found->second;
  }
}

/// The last band that is set names the class; the coding turns its number into a class. A pixel without any is
/// unlabelled.
void decode_one_hot(const StoredLabel& stored, const LabelCoding& coding, const PixelWindow& window, int64_t* classes) {
  const int64_t plane = window.pixels();
  for (const auto& [band, number] : coding.values) {
    for (int64_t i = 0; i < plane; ++i) {
      if (stored.values[static_cast<size_t>(band * plane + i)] != 0) classes[i] = number;
    }
  }
}

}  // namespace

RasterSize label_size(const LabelFile& label, const TargetGrid& grid, OpenArrays& arrays) {
  if (label.format == LabelFormat::kVectors) return {grid.width, grid.height};
  if (label.format == LabelFormat::kNumpy) {
    const NpyFile& file = open_array(label.path, arrays);
    return {file.width(), file.height()};
  }
  const RasterReader reader(label.path);
  return {reader.width(), reader.height()};
}

torch::Tensor read_label(const LabelFile& label, const LabelCoding& coding, const std::vector<std::string>& classes,
                         const TargetGrid& grid, const PixelWindow& window, OpenArrays& arrays) {
  const auto result = torch::full({window.height, window.width}, kIgnored, torch::kInt64);
  int64_t* values = result.data_ptr<int64_t>();
  if (label.format == LabelFormat::kVectors) {
    const Georeference part =
        Georeference{grid.wkt, grid.transform}.moved({static_cast<double>(window.x), static_cast<double>(window.y)});
    const auto drawn =
        burn_areas(label.path, coding.attribute, classes, {part.wkt, part.transform, window.width, window.height});
    std::copy(drawn.begin(), drawn.end(), values);
  } else if (label.format == LabelFormat::kNumpy) {
    StoredLabel stored{std::vector<float>(static_cast<size_t>(window.pixels())),
                       std::vector<uint8_t>(static_cast<size_t>(window.pixels()), 1)};
    open_array(label.path, arrays).read_plane(0, window.x, window.y, window.width, window.height, stored.values.data());
    decode_values(stored, coding, label.path, window, values);
  } else if (label.format == LabelFormat::kOneHot) {
    const int64_t bands = coding.values.rbegin()->first + 1;
    decode_one_hot(read_raster(label.path, bands, window), coding, window, values);
  } else if (!coding.colours.empty()) {
    decode_colours(read_raster(label.path, 3, window), coding, label.path, window, values);
  } else {
    decode_values(read_raster(label.path, 1, window), coding, label.path, window, values);
  }
  return result;
}

}  // namespace skysense
