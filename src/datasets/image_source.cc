#include "datasets/image_source.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/error.h"
#include "ingest/contract_reader.h"
#include "ingest/place_images.h"
#include "raster/raster_reader.h"

namespace skysense {
namespace {

/// The image's own band map; of a grey picture one that names its only band (and no opacity) for each of the contract.
std::string band_map_of(const ImageFile& image, const SensorContract& contract) {
  if (!image.may_be_grey || !image.bands.empty() || image.paths.size() != 1) return image.bands;
  const size_t bands = RasterReader(image.paths.front()).bands().size();
  if (bands > 2 || static_cast<int64_t>(bands) >= contract.channels()) return image.bands;
  std::string map;
  for (const Band& band : contract.bands) map += (map.empty() ? "" : ",") + band.name + "=1";
  return map;
}

class RasterImage : public ImageSource {
 public:
  RasterImage(const ImageFile& image, const SensorContract& contract)
      : reader_(open_place_image({image.paths, image.date, image.validity, band_map_of(image, contract)}, contract)) {}
  RasterSize size() const override { return {reader_.finest().width(), reader_.finest().height()}; }
  Georeference georeference() const override { return reader_.finest().georeference(); }
  void read(const PixelWindow& window, float* values, uint8_t* valid) const override {
    if (reader_.is_one_file()) {
      reader_.read_window(window, values, valid);
      return;
    }
    const Georeference part = georeference().moved({static_cast<double>(window.x), static_cast<double>(window.y)});
    reader_.read_onto({part.wkt, part.transform, window.width, window.height}, values, valid);
  }
  void read_onto(const TargetGrid& grid, float* values, uint8_t* valid) const override {
    reader_.read_onto(grid, values, valid);
  }

 private:
  ContractReader reader_;
};

/// Of a series [T, C, H, W]. A pixel is invalid where a band is not finite, or where all bands hold the contract's
/// nodata value.
class ArrayImage : public ImageSource {
 public:
  ArrayImage(NpyFile& file, int64_t number, const SensorContract& contract)
      : file_(file), number_(number), contract_(contract) {
    const auto& shape = file.shape();
    if (shape.size() != 4 || shape[1] < contract.channels()) {
      throw DataError(
          fmt::format("{}: an array of {} dimensions, {} of them bands; a series [T, C, H, W] with the {} "
                      "bands of {} first is expected",
                      file.path(), shape.size(), shape.size() > 1 ? shape[1] : 0, contract.channels(), contract.name));
    }
    if (number >= shape[0])
      throw DataError(fmt::format("{}: {} images, fewer than dates in the metadata", file.path(), shape[0]));
  }
  RasterSize size() const override { return {file_.width(), file_.height()}; }
  Georeference georeference() const override { return {}; }
  void read(const PixelWindow& window, float* values, uint8_t* valid) const override {
    const int64_t plane = window.pixels();
    std::vector<uint8_t> empty(static_cast<size_t>(plane), contract_.nodata ? 1 : 0);
    std::fill(valid, valid + plane, uint8_t{1});
    for (int64_t c = 0; c < contract_.channels(); ++c) {
      float* band = values + c * plane;
      file_.read_plane(number_ * file_.shape()[1] + c, window.x, window.y, window.width, window.height, band);
      for (int64_t i = 0; i < plane; ++i) {
        if (!std::isfinite(band[i])) valid[i] = 0;
        if (contract_.nodata && static_cast<double>(band[i]) != *contract_.nodata) empty[static_cast<size_t>(i)] = 0;
      }
    }
    for (int64_t c = 0; c < contract_.channels(); ++c) {
      const Band& band = contract_.bands[static_cast<size_t>(c)];
      const auto scale = static_cast<float>(band.scale), offset = static_cast<float>(band.offset);
      for (int64_t i = 0; i < plane; ++i) {
        if (empty[static_cast<size_t>(i)] != 0) valid[i] = 0;
        float& value = values[c * plane + i];
        value = valid[i] != 0 ? value * scale + offset : 0;
      }
    }
  }
  void read_onto(const TargetGrid&, float*, uint8_t*) const override {
    throw DataError(file_.path() + ": a NumPy file has no georeference to be resampled by");
  }

 private:
  NpyFile& file_;
  int64_t number_;
  const SensorContract& contract_;
};

}  // namespace

NpyFile& open_array(const std::string& path, OpenArrays& arrays) {
  auto& file = arrays[path];
  if (!file) file = std::make_shared<NpyFile>(path);
  return *file;
}

std::unique_ptr<ImageSource> open_image(const ImageFile& image, const SensorContract& contract, OpenArrays& arrays) {
  if (!image.series_number) return std::make_unique<RasterImage>(image, contract);
  return std::make_unique<ArrayImage>(open_array(image.paths.at(0), arrays), *image.series_number, contract);
}

}  // namespace skysense
