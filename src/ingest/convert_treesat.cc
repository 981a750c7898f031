#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/error.h"
#include "ingest/array_series.h"
#include "ingest/series_writer.h"
#include "raster/array_file.h"
#include "raster/raster_reader.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr float kMissing = std::numeric_limits<float>::quiet_NaN();
constexpr double kPixelSide_m = 10;
constexpr double kMaskPercent = 50;  // snow or cloud probability from which a pixel is masked

/// A series' array [t, bands, h, w] and its dates.
struct Series {
  std::vector<double> values;
  std::vector<int64_t> shape;
  std::vector<std::string> products;

  Series(const ArrayFile& file, const std::string& name)
      : values(file.numbers(name + "-data")),
        shape(file.shape(name + "-data")),
        products(file.texts(name + "-products")) {
    if (shape.size() != 4 || shape[0] != static_cast<int64_t>(products.size())) {
      throw DataError(fmt::format("{}: {}-data is not [dates, bands, rows, columns] with a product name a date",
                                  file.path(), name));
    }
  }
  size_t image_size() const { return static_cast<size_t>(shape[1] * shape[2] * shape[3]); }
  std::vector<float> image(size_t t) const {
    const auto first = values.begin() + static_cast<int64_t>(t * image_size());
    return {first, first + static_cast<int64_t>(image_size())};
  }
};

/// A grid of 10 m pixels whose middle is the aerial image's.
TargetGrid centred_grid(const RasterReader& aerial, const Series& series) {
  const MapPoint centre =
      aerial.georeference().to_map({static_cast<double>(aerial.width()) / 2, static_cast<double>(aerial.height()) / 2});
  const double left = centre.x - kPixelSide_m * static_cast<double>(series.shape[3]) / 2,
               top = centre.y + kPixelSide_m * static_cast<double>(series.shape[2]) / 2;
  return {aerial.georeference().wkt, {left, kPixelSide_m, 0, top, 0, -kPixelSide_m}, series.shape[3], series.shape[2]};
}

void convert_aerial(const RasterReader& aerial, const fs::path& file, const fs::path& folder,
                    SeriesConversion& conversion) {
  const SensorContract contract = builtin_contract("aerial-rgb");
  const std::vector<int64_t> red_green_blue = {3, 1, 2};  // the files hold NIR, G, B, R
  SeriesImage image;
  image.values.resize(static_cast<size_t>(3 * aerial.width() * aerial.height()));
  aerial.read({0, 0, aerial.width(), aerial.height()}, red_green_blue, image.values.data(), nullptr);
  SeriesWriter(file, folder, contract, aerial.grid()).write(image, conversion);
}

int64_t convert_optical(const ArrayFile& file, const RasterReader& aerial, const fs::path& path, const fs::path& folder,
                        SeriesConversion& conversion) {
  const SensorContract contract = builtin_contract("sentinel2-l2a");
  const Series series(file, "sen-2");
  if (series.shape[1] != contract.channels())
    throw DataError(fmt::format("{}: sen-2-data has {} bands, expected 10", path.string(), series.shape[1]));
  const auto masks = file.contains("sen-2-masks") ? file.numbers("sen-2-masks") : std::vector<double>{};
  const size_t plane = static_cast<size_t>(series.shape[2] * series.shape[3]);
  const size_t mask_bands = masks.size() / (static_cast<size_t>(series.shape[0]) * plane);
  const SeriesWriter writer(path, folder, contract, centred_grid(aerial, series));
  int64_t dropped = 0;
  for (size_t t = 0; t < series.products.size(); ++t) {
    SeriesImage image{series.image(t),
                      find_date(series.products[t]),
                      fmt::format("_{:03}", t),
                      {{"SKYSENSE_PRODUCT", series.products[t]}}};
    for (size_t pixel = 0; pixel < plane; ++pixel) {
      bool masked = false, empty = true;
      for (size_t band = 0; band < mask_bands; ++band)
        masked = masked || masks[(t * mask_bands + band) * plane + pixel] >= kMaskPercent;
      for (size_t band = 0; band < contract.bands.size(); ++band)
        empty = empty && image.values[band * plane + pixel] == 0;
      if (!masked && !empty) continue;
      for (size_t band = 0; band < contract.bands.size(); ++band) image.values[band * plane + pixel] = kMissing;
    }
    dropped += writer.write(image, conversion) ? 0 : 1;
  }
  return dropped;
}

int64_t convert_radar(const ArrayFile& file, const std::string& orbit, const RasterReader& aerial, const fs::path& path,
                      const fs::path& folder, SeriesConversion& conversion) {
  const SensorContract contract = builtin_contract("sentinel1-grd-db");
  const Series series(file, "sen-1-" + orbit);
  if (series.shape[1] != contract.channels())
    throw DataError(fmt::format("{}: sen-1-{}-data has {} bands, expected 2", path.string(), orbit, series.shape[1]));
  const SeriesWriter writer(path, folder, contract, centred_grid(aerial, series));
  int64_t dropped = 0;
  for (size_t t = 0; t < series.products.size(); ++t) {
    SeriesImage image{series.image(t),
                      find_date(series.products[t]),
                      fmt::format("_{}_{:03}", orbit, t),
                      {{"SKYSENSE_PRODUCT", series.products[t]}}};
    for (float& value : image.values) value = value > 0 ? 10 * std::log10(value) : kMissing;
    dropped += writer.write(image, conversion) ? 0 : 1;
  }
  return dropped;
}

}  // namespace

std::optional<SeriesConversion> convert_treesat(const fs::path& path, const fs::path& folder, IndexReport& report) {
  if (path.extension() != ".h5") return std::nullopt;
  const ArrayFile file(path.string());
  if (!file.contains("sen-2-data") || !file.contains("sen-2-products")) return std::nullopt;
  fs::path aerial_path = path;
  aerial_path.replace_extension(".tif");
  if (!fs::exists(aerial_path))
    throw DataError(fmt::format("{}: the aerial image {} that says where it lies is missing", path.string(),
                                aerial_path.filename().string()));
  RasterValidity validity;
  validity.alpha_is_data = true;  // the files mark their fourth spectral band as alpha
  const RasterReader aerial(aerial_path.string(), validity);
  if (aerial.bands().size() != 4 || !aerial.georeference().known())
    throw DataError(fmt::format("{}: expected four bands and a georeference", aerial_path.string()));

  SeriesConversion conversion;
  conversion.consumed = {path, aerial_path};
  convert_aerial(aerial, path, folder, conversion);
  int64_t dropped = convert_optical(file, aerial, path, folder, conversion);
  for (const std::string orbit : {"asc", "des"}) {
    if (file.contains("sen-1-" + orbit + "-data"))
      dropped += convert_radar(file, orbit, aerial, path, folder, conversion);
  }
  report.dropped_images += dropped;
  report.notes.push_back(fmt::format(
      "{}: red, green and blue are its bands 4, 2, 3; the series were centred on the aerial image at 10 m; pixels of "
      "50% or more "
      "snow or cloud are masked; SAR power was converted to dB; {} dates without a valid pixel were left out",
      path.filename().string(), dropped));
  return conversion;
}

}  // namespace skysense
