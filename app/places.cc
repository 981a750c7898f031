#include "app/places.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/error.h"
#include "data/tensor_shards.h"
#include "synth/synthetic_earth.h"

#ifdef SKYSENSE_RASTER
#include "ingest/index_dataset.h"
#endif

namespace skysense::app {
namespace {

constexpr std::string_view kSynthetic = "synth:";

}  // namespace

std::optional<int64_t> synthetic_places(const std::string& data) {
  if (!data.starts_with(kSynthetic)) return std::nullopt;
  return parse_place_count(std::string_view(data).substr(kSynthetic.size()));
}

std::unique_ptr<PlaceDataset> open_places(const std::string& data, const ViewOptions& views, uint64_t seed,
                                          bool verify) {
  if (const auto count = synthetic_places(data)) {
    SynthOptions options;
    options.seed = static_cast<int64_t>(seed);
    options.places = *count;
    options.hr_per_cell = views.hr_per_cell;
    return std::make_unique<SyntheticEarth>(options);
  }
  if (TensorShards::is_one(data)) return std::make_unique<TensorShards>(data);
#ifdef SKYSENSE_RASTER
  return std::make_unique<IndexDataset>(data, verify);
#else
  throw UsageError(fmt::format(
      "--data {}: this build reads no rasters (SKYSENSE_RASTER=OFF); use tensor shards (skysense index DATASET "
      "--to-shards tensors, elsewhere) or synth:PLACES",
      data));
#endif
}

}  // namespace skysense::app
