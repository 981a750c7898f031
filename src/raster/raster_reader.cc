#include "raster/raster_reader.h"

#include <fmt/format.h>
#include <gdal_priv.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "core/error.h"
#include "raster/gdal_call.h"
#include "raster/warp.h"

namespace skysense {
namespace {

constexpr const char* kOpenAdvice = "check the path, or that the file is a raster that GDAL opens and was copied whole";
constexpr const char* kReadAdvice = "the file is damaged or cut short: copy or download it again";

DatasetPointer open_dataset(const std::string& path, GdalCall& call) {
  // A part of a file has no side files: looking for them would only cost (a request each on a server). Nor need all of
  // GDAL's drivers look at it: members of shards are GeoTIFFs.
  const char* const none[] = {nullptr};
  const char* const geotiff[] = {"GTiff", nullptr};
  const bool member = path.starts_with("/vsisubfile/");
  DatasetPointer dataset(GDALDataset::Open(path.c_str(), GDAL_OF_RASTER | GDAL_OF_READONLY | GDAL_OF_VERBOSE_ERROR,
                                           member ? geotiff : nullptr, nullptr, member ? none : nullptr));
  call.check(dataset != nullptr, "cannot be opened", kOpenAdvice);
  return dataset;
}

std::string colour_name(GDALColorInterp colour) {
  switch (colour) {
    case GCI_RedBand:
      return "red";
    case GCI_GreenBand:
      return "green";
    case GCI_BlueBand:
      return "blue";
    default:
      return "";
  }
}

std::vector<std::string> subdatasets_of(GDALDataset& dataset) {
  std::vector<std::string> names;
  const char* const* items = dataset.GetMetadata("SUBDATASETS");
  for (int i = 0; items != nullptr && items[i] != nullptr; ++i) {
    const std::string item = items[i];
    const size_t equals = item.find('=');
    if (equals != std::string::npos && item.substr(0, equals).ends_with("_NAME"))
      names.push_back(item.substr(equals + 1));
  }
  return names;
}

}  // namespace

struct RasterReader::Impl {
  std::string path;
  DatasetPointer dataset;
  std::vector<RasterBand> bands;
  std::vector<int> numbers;  // GDAL's number of each data band
  int alpha = 0;             // GDAL's number of the alpha band; 0 without one
  bool dataset_mask = false, band_masks = false;
  bool control_points_only = false;
  mutable Georeference georeference;  // its CRS once it is asked for
  mutable bool crs_known = false;
  int64_t width = 0, height = 0;
  RasterValidity validity;
  std::unique_ptr<RasterReader> layer;
  bool layer_on_grid = false;

  /// Working the CRS out costs more than reading a small window: left until it is asked for.
  const Georeference& complete_georeference() const;
  void describe_bands();
  void open_layer();
  int64_t apply_nodata(const PixelWindow& inside, const PixelWindow& window, std::span<const int64_t> wanted,
                       const float* values, uint8_t* valid) const;
  void apply_layer(const PixelWindow& window, uint8_t* valid) const;
  void apply_masks(const PixelWindow& inside, const PixelWindow& window, std::span<const int64_t> wanted,
                   uint8_t* valid) const;
};

void RasterReader::Impl::describe_bands() {
  for (int number = 1; number <= dataset->GetRasterCount(); ++number) {
    GDALRasterBand& band = *dataset->GetRasterBand(number);
    if (band.GetColorInterpretation() == GCI_AlphaBand && !validity.alpha_is_data && dataset->GetRasterCount() > 1) {
      alpha = number;
      continue;
    }
    const GDALDataType type = band.GetRasterDataType();
    if (GDALDataTypeIsComplex(type)) {
      throw DataError(fmt::format("{}: band {} holds complex values ({}); compute intensity or dB first", path, number,
                                  GDALGetDataTypeName(type)));
    }
    RasterBand description;
    description.name = band.GetDescription();
    description.type = GDALGetDataTypeName(type);
    description.colour = colour_name(band.GetColorInterpretation());
    int present = 0;
    const double nodata = band.GetNoDataValue(&present);
    if (present != 0) description.nodata = nodata;
    if (validity.nodata) description.nodata = validity.nodata;
    description.scale = band.GetScale(&present);
    if (present == 0) description.scale = 1;
    description.offset = band.GetOffset(&present);
    if (present == 0) description.offset = 0;
    description.palette = band.GetColorTable() != nullptr;
    const int flags = band.GetMaskFlags();
    if ((flags & (GMF_ALL_VALID | GMF_ALPHA | GMF_NODATA)) == 0) {
      (flags & GMF_PER_DATASET ? dataset_mask : band_masks) = true;
    }
    bands.push_back(std::move(description));
    numbers.push_back(number);
  }
}

const Georeference& RasterReader::Impl::complete_georeference() const {
  if (crs_known) return georeference;
  crs_known = true;
  GdalCall call(path);
  if (const OGRSpatialReference* crs = dataset->GetSpatialRef()) {
    char* wkt = nullptr;
    crs->exportToWkt(&wkt);
    georeference.wkt = wkt == nullptr ? "" : wkt;
    CPLFree(wkt);
  }
  return georeference;
}

void RasterReader::Impl::open_layer() {
  if (validity.layer.empty()) return;
  layer = std::make_unique<RasterReader>(validity.layer);
  const Georeference &other = layer->georeference(), &own = complete_georeference();
  layer_on_grid =
      layer->width() == width && layer->height() == height &&
      (!other.known() || !own.known() || (other.transform == own.transform && same_crs(other.wkt, own.wkt)));
  if (!layer_on_grid && (!other.known() || !own.known())) {
    throw DataError(
        fmt::format("{}: its {} x {} pixels are not those of {} ({} x {}), and without a georeference of both "
                    "they cannot be matched",
                    validity.layer, layer->width(), layer->height(), path, width, height));
  }
}

RasterReader::RasterReader(const std::string& path, const RasterValidity& validity) : impl_(std::make_unique<Impl>()) {
  GdalCall call(path);
  impl_->path = path;
  impl_->validity = validity;
  impl_->dataset = open_dataset(path, call);
  GDALDataset& dataset = *impl_->dataset;
  if (dataset.GetRasterCount() == 0) {
    const auto parts = subdatasets_of(dataset);
    throw DataError(
        parts.empty() ? fmt::format("{}: has no raster bands", path)
                      : fmt::format("{}: holds {} rasters; name one of them, e.g. '{}'", path, parts.size(), parts[0]));
  }
  impl_->width = dataset.GetRasterXSize();
  impl_->height = dataset.GetRasterYSize();
  impl_->describe_bands();
  const bool has_transform = dataset.GetGeoTransform(impl_->georeference.transform.data()) == CE_None;
  if (!has_transform) {
    impl_->control_points_only = dataset.GetGCPCount() > 0;
    impl_->georeference = {};
    impl_->crs_known = true;  // a CRS alone places nothing
  }
  const auto& t = impl_->georeference.transform;
  if (t[1] * t[5] - t[2] * t[4] == 0)
    throw DataError(fmt::format("{}: its geotransform has no inverse; georeference it anew", path));
  impl_->open_layer();
}

RasterReader::~RasterReader() = default;
RasterReader::RasterReader(RasterReader&&) noexcept = default;
RasterReader& RasterReader::operator=(RasterReader&&) noexcept = default;

const std::string& RasterReader::path() const { return impl_->path; }
int64_t RasterReader::width() const { return impl_->width; }
int64_t RasterReader::height() const { return impl_->height; }
const std::vector<RasterBand>& RasterReader::bands() const { return impl_->bands; }
const Georeference& RasterReader::georeference() const { return impl_->complete_georeference(); }
bool RasterReader::has_only_control_points() const { return impl_->control_points_only; }

PixelWindow RasterReader::block() const {
  int width = 0, height = 0;
  impl_->dataset->GetRasterBand(impl_->numbers.front())->GetBlockSize(&width, &height);
  return {0, 0, width, height};
}

bool RasterReader::has_alpha() const { return impl_->alpha != 0; }

bool RasterReader::declares_invalid_pixels() const {
  if (impl_->alpha != 0 || impl_->dataset_mask || impl_->band_masks) return true;
  return std::any_of(impl_->bands.begin(), impl_->bands.end(),
                     [](const RasterBand& band) { return band.nodata.has_value(); });
}

std::string RasterReader::metadata(const std::string& key, const std::string& domain) const {
  const char* value = impl_->dataset->GetMetadataItem(key.c_str(), domain.c_str());
  return value == nullptr ? "" : value;
}

std::vector<std::string> RasterReader::class_names() const {
  std::vector<std::string> names;
  const auto tag = nlohmann::json::parse(metadata("CLASS_NAMES"), nullptr, false);
  if (tag.is_array()) {
    for (const auto& name : tag) names.push_back(name.is_string() ? name.get<std::string>() : "");
    return names;
  }
  char** items = impl_->dataset->GetRasterBand(impl_->numbers.front())->GetCategoryNames();
  for (int i = 0; items != nullptr && items[i] != nullptr; ++i) names.emplace_back(items[i]);
  return names;
}

/// Clears the flags of nodata and non-finite pixels; returns how many are non-finite without being declared nodata.
int64_t RasterReader::Impl::apply_nodata(const PixelWindow& inside, const PixelWindow& window,
                                         std::span<const int64_t> wanted, const float* values, uint8_t* valid) const {
  // Band by band along a row, where the loops are plain enough for the compiler to vectorise them.
  const auto can_miss = [&](int64_t band) {
    const RasterBand& stored = bands[static_cast<size_t>(band)];
    return stored.nodata || GDALDataTypeIsFloating(GDALGetDataTypeByName(stored.type.c_str()));
  };
  if (std::ranges::none_of(wanted, can_miss)) return 0;
  const auto width = static_cast<size_t>(inside.width);
  std::vector<uint8_t> missing(width), undeclared(width);
  std::vector<uint16_t> zeros(width);
  int64_t nan_pixels = 0;
  for (int64_t y = inside.y - window.y; y < inside.y - window.y + inside.height; ++y) {
    std::fill(missing.begin(), missing.end(), uint8_t{0});
    std::fill(undeclared.begin(), undeclared.end(), uint8_t{0});
    std::fill(zeros.begin(), zeros.end(), uint16_t{0});
    const int64_t first = y * window.width + inside.x - window.x;
    for (size_t i = 0; i < wanted.size(); ++i) {
      const float* row = values + static_cast<int64_t>(i) * window.pixels() + first;
      const RasterBand& band = bands[static_cast<size_t>(wanted[i])];
      const float nodata = static_cast<float>(band.nodata.value_or(std::numeric_limits<double>::quiet_NaN()));
      const bool is_nan = band.nodata && std::isnan(*band.nodata), is_zero = band.nodata == 0.0;
      for (size_t x = 0; x < width; ++x) {
        const bool finite = row[x] - row[x] == 0;
        const bool declared = (row[x] == nodata) | (is_nan & (row[x] != row[x]));
        missing[x] |= static_cast<uint8_t>((!finite) | (declared & !is_zero));
        undeclared[x] |= static_cast<uint8_t>((!finite) & (!declared));
        zeros[x] = static_cast<uint16_t>(zeros[x] + (declared & is_zero));
      }
    }
    for (size_t x = 0; x < width; ++x) {
      if (missing[x] != 0 || zeros[x] == wanted.size()) valid[first + static_cast<int64_t>(x)] = 0;
      nan_pixels += undeclared[x];
    }
  }
  return nan_pixels;
}

void RasterReader::Impl::apply_layer(const PixelWindow& window, uint8_t* valid) const {
  std::vector<float> classes(static_cast<size_t>(window.pixels()));
  std::vector<uint8_t> known(classes.size());
  const std::vector<int64_t> first = {0};
  if (layer_on_grid) {
    layer->read(window, first, classes.data(), known.data());
  } else {
    const Georeference corner =
        complete_georeference().moved({static_cast<double>(window.x), static_cast<double>(window.y)});
    const TargetGrid grid{corner.wkt, corner.transform, window.width, window.height};
    layer->read_onto(grid, first, Resampling::kNearest, classes.data(), known.data());
  }
  const auto& wanted = validity.valid_values;
  for (size_t i = 0; i < classes.size(); ++i) {
    const int64_t value = std::llround(classes[i]);
    const bool good =
        known[i] != 0 && (wanted.empty() ? value != 0 : std::find(wanted.begin(), wanted.end(), value) != wanted.end());
    if (!good) valid[i] = 0;
  }
}

void RasterReader::Impl::apply_masks(const PixelWindow& inside, const PixelWindow& window,
                                     std::span<const int64_t> wanted, uint8_t* valid) const {
  std::vector<uint8_t> mask(static_cast<size_t>(inside.pixels()));
  const auto apply = [&](GDALRasterBand& band) {
    GdalCall call(path);
    const CPLErr result =
        band.RasterIO(GF_Read, static_cast<int>(inside.x), static_cast<int>(inside.y), static_cast<int>(inside.width),
                      static_cast<int>(inside.height), mask.data(), static_cast<int>(inside.width),
                      static_cast<int>(inside.height), GDT_Byte, 0, 0, nullptr);
    call.check(result == CE_None, "its mask cannot be read", kReadAdvice);
    for (int64_t y = 0; y < inside.height; ++y) {
      uint8_t* row = valid + (y + inside.y - window.y) * window.width + (inside.x - window.x);
      for (int64_t x = 0; x < inside.width; ++x) row[x] &= mask[static_cast<size_t>(y * inside.width + x)] != 0;
    }
  };
  if (alpha != 0) apply(*dataset->GetRasterBand(alpha));
  if (dataset_mask) apply(*dataset->GetRasterBand(numbers.front())->GetMaskBand());
  if (band_masks) {
    for (const int64_t band : wanted) {
      GDALRasterBand& gdal_band = *dataset->GetRasterBand(numbers[static_cast<size_t>(band)]);
      if ((gdal_band.GetMaskFlags() & (GMF_ALL_VALID | GMF_ALPHA | GMF_NODATA)) == 0) apply(*gdal_band.GetMaskBand());
    }
  }
}

ReadCounts RasterReader::read(const PixelWindow& window, std::span<const int64_t> bands, float* values,
                              uint8_t* valid) const {
  std::vector<uint8_t> own_valid;
  const int64_t plane = window.pixels();
  if (valid == nullptr) {
    own_valid.resize(static_cast<size_t>(plane));
    valid = own_valid.data();
  }
  const PixelWindow inside = window.intersect({0, 0, width(), height()});
  if (inside != window) std::fill(values, values + plane * static_cast<int64_t>(bands.size()), 0.0F);
  std::fill(valid, valid + plane, uint8_t{0});
  ReadCounts counts{.pixels = inside.pixels()};
  if (inside.pixels() == 0 || bands.empty()) return counts;

  std::vector<int> numbers;
  for (const int64_t band : bands) {
    if (band < 0 || band >= static_cast<int64_t>(impl_->numbers.size()))
      throw std::logic_error("RasterReader::read: no such band");
    numbers.push_back(impl_->numbers[static_cast<size_t>(band)]);
  }
  const int64_t corner = (inside.y - window.y) * window.width + (inside.x - window.x);
  {
    GdalCall call(path());
    const CPLErr result = impl_->dataset->RasterIO(
        GF_Read, static_cast<int>(inside.x), static_cast<int>(inside.y), static_cast<int>(inside.width),
        static_cast<int>(inside.height), values + corner, static_cast<int>(inside.width),
        static_cast<int>(inside.height), GDT_Float32, static_cast<int>(numbers.size()), numbers.data(), sizeof(float),
        static_cast<GSpacing>(sizeof(float)) * window.width, static_cast<GSpacing>(sizeof(float)) * plane, nullptr);
    call.check(result == CE_None,
               fmt::format("pixels {}..{} of rows {}..{} cannot be read", inside.x, inside.x + inside.width - 1,
                           inside.y, inside.y + inside.height - 1),
               kReadAdvice);
  }

  for (int64_t y = 0; y < inside.height; ++y) std::fill_n(valid + corner + y * window.width, inside.width, uint8_t{1});
  counts.nan = impl_->apply_nodata(inside, window, bands, values, valid);
  impl_->apply_masks(inside, window, bands, valid);
  if (impl_->layer) impl_->apply_layer(window, valid);
  const int64_t valid_pixels = plane - std::count(valid, valid + plane, uint8_t{0});
  if (valid_pixels < plane) {
    for (size_t band = 0; band < bands.size(); ++band) {
      float* values_of = values + static_cast<int64_t>(band) * plane;
      for (int64_t i = 0; i < plane; ++i) values_of[i] = valid[i] != 0 ? values_of[i] : 0.0F;
    }
  }
  counts.invalid = counts.pixels - valid_pixels;
  return counts;
}

ReadCounts RasterReader::read_onto(const TargetGrid& grid, std::span<const int64_t> bands, Resampling resampling,
                                   float* values, uint8_t* valid) const {
  return warp_onto(*this, grid, bands, resampling, values, valid);
}

TargetGrid RasterReader::grid() const { return {georeference().wkt, georeference().transform, width(), height()}; }

std::vector<int64_t> band_range(int64_t count) {
  std::vector<int64_t> range(static_cast<size_t>(count));
  for (int64_t i = 0; i < count; ++i) range[static_cast<size_t>(i)] = i;
  return range;
}

std::vector<std::string> subdatasets(const std::string& path) {
  GdalCall call(path);
  const DatasetPointer dataset = open_dataset(path, call);
  return subdatasets_of(*dataset);
}

}  // namespace skysense
