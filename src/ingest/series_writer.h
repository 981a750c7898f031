#pragma once

#include <filesystem>
#include <limits>
#include <string>
#include <vector>

#include "core/date.h"
#include "core/sensor_contract.h"
#include "ingest/array_series.h"

namespace skysense {

/// One image to be written by a converter: stored values [bands, h, w] in the contract's order, NaN where missing.
struct SeriesImage {
  std::vector<float> values;
  std::optional<Date> date;
  std::string suffix;  ///< ends the file's name where several share a date
  std::map<std::string, std::string> tags;
};

/// Writes the images of one sensor as GeoTIFFs `<folder>/<stem>/<modality>_<date>.tif` and adds them to `conversion`.
class SeriesWriter {
 public:
  SeriesWriter(const std::filesystem::path& source, const std::filesystem::path& folder, const SensorContract& contract,
               const TargetGrid& grid);
  /// False, with nothing written, where no pixel is valid in all bands.
  bool write(const SeriesImage& image, SeriesConversion& conversion) const;

 private:
  std::filesystem::path source_, folder_;
  SensorContract contract_;
  TargetGrid grid_;
};

}  // namespace skysense
