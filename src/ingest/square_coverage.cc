#include "ingest/square_coverage.h"

#include <algorithm>
#include <cmath>

#include "ingest/validity_layer.h"

namespace skysense {
namespace {

/// The number of the file with the fewest pixels.
size_t smallest_file(const std::vector<std::string>& paths) {
  size_t smallest = 0;
  int64_t fewest = 0;
  for (size_t i = 0; i < paths.size(); ++i) {
    const RasterReader reader(paths[i]);
    const int64_t pixels = reader.width() * reader.height();
    if (i == 0 || pixels < fewest) {
      fewest = pixels;
      smallest = i;
    }
  }
  return smallest;
}

}  // namespace

CoverageReader::CoverageReader(const ImageCandidate& candidate) {
  SensorContract contract = contract_of(candidate);
  if (candidate.paths.size() == 1) {
    image_.emplace(candidate.paths, contract, candidate.bands);
  } else {
    const size_t file = smallest_file(candidate.paths);
    const Band band = contract.bands.at(file);
    contract.bands = {band};
    image_.emplace(std::vector<std::string>{candidate.paths[file]}, contract, mapped_item(candidate.bands, band.name));
  }
  if (candidate.validity.empty()) return;
  layer_.emplace(candidate.validity);
  valid_values_ = layer_valid_values(candidate.validity);
}

Coverage CoverageReader::over(const TargetGrid& cells) const {
  const auto count = static_cast<size_t>(cells.width * cells.height);
  std::vector<float> values(count * static_cast<size_t>(image_->channels()));
  std::vector<uint8_t> valid(count), known(count, 1);
  image_->read_onto(cells, values.data(), valid.data());
  std::vector<float> classes(count);
  if (layer_) {
    const std::vector<int64_t> first = {0};
    layer_->read_onto(cells, first, Resampling::kNearest, classes.data(), known.data());
  }
  const auto usable = [&](size_t cell) {
    if (!layer_) return true;
    const int64_t value = std::llround(classes[cell]);
    if (known[cell] == 0) return false;
    return valid_values_.empty() ? value != 0
                                 : std::find(valid_values_.begin(), valid_values_.end(), value) != valid_values_.end();
  };
  int64_t shown = 0, clouded = 0;
  for (size_t cell = 0; cell < count; ++cell) {
    if (valid[cell] == 0) continue;
    ++shown;
    clouded += usable(cell) ? 0 : 1;
  }
  const double whole = static_cast<double>(count);
  return {static_cast<double>(shown) / whole, static_cast<double>(clouded) / whole};
}

}  // namespace skysense
