#include "ingest/class_folder.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>

#include "core/error.h"
#include "ingest/contract_check.h"
#include "raster/resample.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 5> kImageSuffixes = {".jpg", ".jpeg", ".png", ".tif", ".tiff"};

bool is_hidden(const fs::path& path) { return path.filename().string().starts_with("."); }

bool is_image(const fs::path& path) {
  std::string suffix = path.extension().string();
  std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::find(kImageSuffixes.begin(), kImageSuffixes.end(), suffix) != kImageSuffixes.end();
}

/// The names of a folder's entries that `wanted` accepts, sorted.
template <class Predicate>
std::vector<std::string> names_in(const fs::path& folder, Predicate wanted) {
  std::vector<std::string> names;
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (!is_hidden(it->path()) && wanted(*it)) names.push_back(it->path().filename().string());
  }
  if (error) throw DataError(fmt::format("{}: cannot be listed: {}", folder.string(), error.message()));
  std::sort(names.begin(), names.end());
  return names;
}

/// The most frequent shorter side of images of several sizes, the smaller of equals; 0 where all have one size.
int64_t choose_size(const std::vector<fs::path>& files) {
  std::map<std::pair<int64_t, int64_t>, int64_t> sizes;
  std::map<int64_t, int64_t> shorter_sides;
  for (const fs::path& file : files) {
    try {
      const RasterReader reader(file.string());
      ++sizes[{reader.width(), reader.height()}];
      ++shorter_sides[std::min(reader.width(), reader.height())];
    } catch (const DataError&) {
      continue;  // named when the image is read
    }
  }
  if (sizes.size() <= 1) return 0;
  return std::max_element(shorter_sides.begin(), shorter_sides.end(),
                          [](const auto& a, const auto& b) { return a.second < b.second; })
      ->first;
}

/// Throws DataError where the values cannot be the sensor's. Remarks such as a missing georeference or a black band are
/// normal for pictures and are passed over.
void require_fit(const RasterReader& reader, const SensorContract& sensor, const std::vector<int64_t>& bands) {
  for (const ContractProblem& problem : check_raster(reader, sensor, bands)) {
    if (problem.fatal)
      throw DataError(fmt::format("{}: does not fit {}: {}", reader.path(), sensor.name, problem.text()));
  }
}

/// Stored values of one image.
struct Pixels {
  torch::Tensor values;  // [C, H, W] float32
  torch::Tensor valid;   // [H, W] uint8
};

Pixels read_pixels(const RasterReader& reader, const std::vector<int64_t>& bands) {
  const PixelWindow whole{0, 0, reader.width(), reader.height()};
  Pixels pixels{torch::empty({static_cast<int64_t>(bands.size()), whole.height, whole.width}),
                torch::empty({whole.height, whole.width}, torch::kUInt8)};
  reader.read(whole, bands, pixels.values.data_ptr<float>(), pixels.valid.data_ptr<uint8_t>());
  return pixels;
}

/// The centre square of `size` pixels after resizing the shorter side to it.
Pixels resized(const Pixels& source, int64_t size) {
  const int64_t bands = source.values.size(0), height = source.values.size(1), width = source.values.size(2);
  if (height == size && width == size) return source;
  Pixels result{torch::empty({bands, size, size}), torch::empty({size, size}, torch::kUInt8)};
  const PixelPatch patch{
      {0, 0, width, height}, bands, source.values.data_ptr<float>(), source.valid.data_ptr<uint8_t>()};
  const double step = static_cast<double>(std::min(width, height)) / static_cast<double>(size);
  const double left = (static_cast<double>(width) - step * static_cast<double>(size)) / 2;
  const double top = (static_cast<double>(height) - step * static_cast<double>(size)) / 2;
  const CellFootprint footprint{std::max(1.0, step), std::max(1.0, step)};
  for (int64_t y = 0; y < size; ++y) {
    for (int64_t x = 0; x < size; ++x) {
      const PixelPoint centre{left + (static_cast<double>(x) + 0.5) * step,
                              top + (static_cast<double>(y) + 0.5) * step};
      const int64_t cell = y * size + x;
      result.valid.data_ptr<uint8_t>()[cell] = sample_cell(patch, centre, footprint, Resampling::kSmooth,
                                                           result.values.data_ptr<float>() + cell, size * size);
    }
  }
  return result;
}

/// physical = stored * scale + offset, band by band.
torch::Tensor to_physical(const torch::Tensor& stored, const SensorContract& sensor) {
  std::vector<float> scales, offsets;
  for (const Band& band : sensor.bands) {
    scales.push_back(static_cast<float>(band.scale));
    offsets.push_back(static_cast<float>(band.offset));
  }
  return stored * torch::tensor(scales).view({-1, 1, 1}) + torch::tensor(offsets).view({-1, 1, 1});
}

}  // namespace

ClassFolder::ClassFolder(const fs::path& folder, const ClassFolderOptions& options)
    : folder_(folder), options_(options) {
  if (!fs::is_directory(folder))
    throw DataError(folder.string() + ": no such folder; expected one subfolder of images a class");
  contracts_[options.sensor.modality] = options.sensor;
  classes_ = names_in(folder, [](const fs::directory_entry& entry) { return entry.is_directory(); });
  if (classes_.size() < 2) {
    throw DataError(fmt::format("{}: {}; expected one subfolder of images a class, at least two", folder.string(),
                                classes_.empty() ? "has no subfolders" : "has the one subfolder " + classes_[0]));
  }
  std::vector<fs::path> files;
  for (size_t k = 0; k < classes_.size(); ++k) {
    const auto names = names_in(folder / classes_[k], [](const fs::directory_entry& entry) {
      return is_image(entry.path()) && !entry.is_directory();
    });
    if (names.empty()) {
      throw DataError(fmt::format("{}: class folder without an image (jpg, png or tif); fill or remove it",
                                  (folder / classes_[k]).string()));
    }
    for (const std::string& name : names) {
      images_.push_back({classes_[k] + "/" + name, static_cast<int64_t>(k)});
      files.push_back(folder / images_.back().name);
    }
  }
  if (options_.size == 0) options_.size = choose_size(files);
}

PlaceSample ClassFolder::get(int64_t number) const {
  const RasterReader reader = open_for_contract(file(number).string(), options_.sensor);
  const auto bands = find_bands(reader, options_.sensor, options_.bands);
  require_fit(reader, options_.sensor, bands);
  Pixels pixels = read_pixels(reader, bands);
  if (options_.size > 0) pixels = resized(pixels, options_.size);
  const auto valid = pixels.valid.to(torch::kBool);
  if (!valid.any().item<bool>()) throw DataError(file(number).string() + ": has no valid pixel");
  const auto physical = torch::where(valid, to_physical(pixels.values, options_.sensor), torch::zeros({}));
  PlaceSample sample;
  sample.id = name(number);
  sample.scene_class = images_[static_cast<size_t>(number)].scene_class;
  sample.images[options_.sensor.modality] =
      ImageSeries{physical.unsqueeze(0), valid.unsqueeze(0), torch::zeros({1}, torch::kInt64)};
  return sample;
}

}  // namespace skysense
