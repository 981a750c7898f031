#include "ingest/place_cut.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include "ingest/place_images.h"
#include "raster/geotiff_bytes.h"

namespace skysense {
namespace {

/// The pixels of a member; `measured` and `valid` differ below clouds.
struct Cut {
  RasterLayout layout;
  std::vector<float> values;                // [bands, height, width]
  std::vector<uint8_t> measured, valid;     // [height, width]
  std::optional<double> nodata_if_unnamed;  // what a reader takes for nodata where the file says nothing

  Cut(const TargetGrid& grid, int64_t bands)
      : values(static_cast<size_t>(grid.width * grid.height * bands)),
        measured(static_cast<size_t>(grid.width * grid.height)),
        valid(measured.size()) {
    layout.width = grid.width;
    layout.height = grid.height;
    layout.bands = bands;
    layout.georeference = {grid.wkt, grid.transform};
    layout.nodata = std::numeric_limits<double>::quiet_NaN();
  }
};

/// The type of all bands where it is one whose values a 32-bit float holds exactly.
std::optional<PixelType> common_type(const std::vector<RasterBand>& bands) {
  const std::string& type = bands.front().type;
  if (std::any_of(bands.begin(), bands.end(), [&](const RasterBand& band) { return band.type != type; }))
    return std::nullopt;
  if (type == "Byte") return PixelType::kUInt8;
  if (type == "Int16") return PixelType::kInt16;
  if (type == "UInt16") return PixelType::kUInt16;
  if (type == "Float32") return PixelType::kFloat32;
  return std::nullopt;
}

template <class Stored>
bool holds(double value) {
  return value == std::floor(value) && value >= std::numeric_limits<Stored>::min() &&
         value <= std::numeric_limits<Stored>::max();
}

/// The nodata value of all bands where it is one and a value of the type.
std::optional<double> common_nodata(const std::vector<RasterBand>& bands, PixelType type) {
  const std::optional<double> nodata = bands.front().nodata;
  if (!nodata || std::any_of(bands.begin(), bands.end(), [&](const RasterBand& band) { return band.nodata != nodata; }))
    return std::nullopt;
  if (type == PixelType::kUInt8   ? !holds<uint8_t>(*nodata)
      : type == PixelType::kInt16 ? !holds<int16_t>(*nodata)
                                  : type == PixelType::kUInt16 && !holds<uint16_t>(*nodata))
    return std::nullopt;
  return nodata;
}

/// Pixels of the files themselves: they stay as they are stored.
void keep_storage(const std::vector<RasterBand>& bands, RasterLayout& layout) {
  const auto type = common_type(bands);
  if (!type) return;
  layout.type = *type;
  layout.nodata = common_nodata(bands, *type);
  if (!layout.nodata && *type == PixelType::kFloat32) layout.nodata = std::numeric_limits<double>::quiet_NaN();
}

std::string bytes_of(Cut& cut, const std::string& origin) {
  const size_t plane = cut.valid.size();
  const float fill = static_cast<float>(cut.layout.nodata.value_or(0));
  for (size_t i = 0; i < plane; ++i) {
    if (cut.measured[i] != 0) continue;
    for (size_t band = 0; band < static_cast<size_t>(cut.layout.bands); ++band) cut.values[band * plane + i] = fill;
  }
  const bool any_invalid = std::find(cut.valid.begin(), cut.valid.end(), uint8_t{0}) != cut.valid.end();
  const bool masked =
      cut.valid != cut.measured || (!cut.layout.nodata && (any_invalid || cut.nodata_if_unnamed.has_value()));
  return geotiff_bytes(cut.layout, cut.values.data(), masked ? cut.valid.data() : nullptr, origin);
}

}  // namespace

std::optional<std::string> cut_image(const PlaceImage& image, const SensorContract& contract, const TargetGrid& grid) {
  const ContractReader reader = open_place_image(image, contract);
  Cut cut(grid, contract.channels());
  cut.nodata_if_unnamed = contract.nodata;
  const ReadCounts counts = reader.read_stored_onto(grid, cut.values.data(), cut.valid.data());
  if (counts.invalid >= counts.pixels) return std::nullopt;
  cut.measured = cut.valid;
  const std::vector<RasterBand> bands = reader.stored_bands();
  if (reader.lies_on(grid)) {
    keep_storage(bands, cut.layout);
    if (!image.validity.empty()) {
      PlaceImage bare = image;
      bare.validity.clear();
      open_place_image(bare, contract).read_stored_onto(grid, cut.values.data(), cut.measured.data());
    }
  }
  for (size_t band = 0; band < bands.size(); ++band) {
    cut.layout.band_names.push_back(contract.bands[band].name);
    cut.layout.scales.push_back(bands[band].scale);
    cut.layout.offsets.push_back(bands[band].offset);
  }
  return bytes_of(cut, reader.path());
}

std::string cut_label(const std::string& path, const TargetGrid& ground) {
  const RasterReader reader(path);
  const TargetGrid grid = label_grid(reader, ground);
  Cut cut(grid, 1);
  const std::vector<int64_t> first = {0};
  reader.read_onto(grid, first, Resampling::kNearest, cut.values.data(), cut.valid.data());
  cut.measured = cut.valid;
  keep_storage({reader.bands().front()}, cut.layout);
  cut.layout.class_names = reader.class_names();
  return bytes_of(cut, path);
}

}  // namespace skysense
