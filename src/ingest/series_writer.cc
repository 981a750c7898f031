#include "ingest/series_writer.h"

#include <fmt/format.h>

#include <cmath>

#include "raster/raster_writer.h"

namespace skysense {

namespace fs = std::filesystem;

SeriesWriter::SeriesWriter(const fs::path& source, const fs::path& folder, const SensorContract& contract,
                           const TargetGrid& grid)
    : source_(source), folder_(folder / source.stem()), contract_(contract), grid_(grid) {
  fs::create_directories(folder_);
}

bool SeriesWriter::write(const SeriesImage& image, SeriesConversion& conversion) const {
  const size_t plane = static_cast<size_t>(grid_.width * grid_.height);
  bool any_valid = false;
  for (size_t pixel = 0; pixel < plane && !any_valid; ++pixel) {
    any_valid = true;
    for (size_t band = 0; band < contract_.bands.size(); ++band)
      any_valid = any_valid && !std::isnan(image.values[band * plane + pixel]);
  }
  if (!any_valid) return false;

  const std::string name = fmt::format("{}_{}{}", modality_name(contract_.modality),
                                       image.date ? image.date->text() : "undated", image.suffix);
  RasterLayout layout;
  layout.width = grid_.width;
  layout.height = grid_.height;
  layout.bands = contract_.channels();
  layout.georeference = {grid_.wkt, grid_.transform};
  layout.format = "GTiff";
  layout.tags = image.tags;
  layout.tags["SKYSENSE_SOURCE"] = source_.filename().string();
  for (const Band& band : contract_.bands) layout.band_names.push_back(band.name);
  std::vector<float> values = image.values;
  const bool numbers = contract_.quantity == "reflectance" || contract_.quantity == "brightness";
  if (contract_.modality == Modality::kHr) {
    layout.type = PixelType::kUInt8;
  } else if (numbers) {
    layout.type = PixelType::kUInt16;
    layout.nodata = 65535;
    for (float& value : values) value = std::isnan(value) ? 65535.0F : value;
  } else {
    layout.nodata = std::numeric_limits<double>::quiet_NaN();
  }
  const fs::path file = folder_ / (name + ".tif");
  write_raster(file, layout, values.data());

  ImageCandidate candidate;
  candidate.root = source_.parent_path();
  candidate.name = source_.stem().string();
  candidate.paths = {file.string()};
  candidate.sensor = contract_.name;
  candidate.date = image.date;
  candidate.grid = grid_;
  candidate.lonlat = lonlat_box(grid_);
  conversion.images.push_back(std::move(candidate));
  return true;
}

}  // namespace skysense
