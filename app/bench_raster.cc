#include "app/bench_raster.h"

#include <fmt/format.h>

#include <array>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <numeric>

#include "app/measure.h"
#include "core/error.h"
#include "core/log.h"
#include "core/memory.h"
#include "raster/raster_reader.h"

namespace skysense::app {
namespace {

constexpr int64_t kWindowSide = 1024, kWindowPixels = kWindowSide * kWindowSide;  // about, in whole blocks
constexpr double kMegabyte = 1e6;

struct Pass {
  double value_sum = 0;  // of the valid pixels of all bands
  int64_t valid_pixels = 0;
  double seconds = 0;
};

int64_t whole_blocks(int64_t length, int64_t block) { return std::max<int64_t>(1, length / block) * block; }

/// In several partial sums, which the processor can add side by side.
double sum_of(const float* values, size_t count) {
  std::array<double, 16> parts{};
  size_t i = 0;
  for (; i + parts.size() <= count; i += parts.size()) {
    for (size_t k = 0; k < parts.size(); ++k) parts[k] += static_cast<double>(values[i + k]);
  }
  for (; i < count; ++i) parts[0] += static_cast<double>(values[i]);
  return std::accumulate(parts.begin(), parts.end(), 0.0);
}

Pass read_all(const std::string& path) {
  const auto start = Clock::now();
  const RasterReader reader(path);
  const PixelWindow block = reader.block();
  const int64_t width = std::min(reader.width(), whole_blocks(kWindowSide, block.width));
  const int64_t height = std::min(reader.height(), whole_blocks(kWindowPixels / width, block.height));
  const auto bands = band_range(static_cast<int64_t>(reader.bands().size()));
  std::vector<float> values(bands.size() * static_cast<size_t>(width * height));
  std::vector<uint8_t> valid(static_cast<size_t>(width * height));
  Pass pass;
  for (int64_t y = 0; y < reader.height(); y += height) {
    for (int64_t x = 0; x < reader.width(); x += width) {
      const PixelWindow window{x, y, std::min(width, reader.width() - x), std::min(height, reader.height() - y)};
      const ReadCounts counts = reader.read(window, bands, values.data(), valid.data());
      pass.valid_pixels += counts.pixels - counts.invalid;
      pass.value_sum += sum_of(values.data(), static_cast<size_t>(window.pixels()) * bands.size());
    }
  }
  pass.seconds = seconds_since(start);
  return pass;
}

double read_bytes(const std::string& path) {
  const auto start = Clock::now();
  std::ifstream file(path, std::ios::binary);
  std::vector<char> buffer(size_t{1} << 20);
  while (file.read(buffer.data(), static_cast<std::streamsize>(buffer.size()))) continue;
  return seconds_since(start);
}

}  // namespace

nlohmann::json bench_raster(const std::string& path, int64_t iterations) {
  const Pass first = read_all(path);  // fills the system's cache
  const double first_output_s = process_age_s();
  std::vector<double> times, plain;
  for (int64_t i = 0; i < iterations; ++i) {
    times.push_back(read_all(path).seconds);
    plain.push_back(read_bytes(path));
  }
  const RasterReader reader(path);
  const double megabytes = static_cast<double>(reader.width() * reader.height()) *
                           static_cast<double>(reader.bands().size() * sizeof(float)) / kMegabyte;
  const double seconds = median(times);
  spdlog::info("{}: {:.3f} s for {:.0f} MB of float32 pixels, {:.0f} MB/s", path, seconds, megabytes,
               megabytes / seconds);
  return {{"raster", path},
          {"megabytes", megabytes},
          {"seconds", times},
          {"median_s", seconds},
          {"megabytes_per_second", megabytes / seconds},
          {"file_megabytes", static_cast<double>(std::filesystem::file_size(path)) / kMegabyte},
          {"file_bytes_median_s", median(plain)},
          {"peak_memory_mb", static_cast<double>(peak_resident_bytes()) / (1 << 20)},
          {"first_output_s", first_output_s},
          {"valid_pixels", first.valid_pixels},
          {"value_sum", first.value_sum}};
}

}  // namespace skysense::app
