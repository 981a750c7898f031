#include "app/places.h"

#include <fmt/format.h>

#include <filesystem>

#include "core/config.h"
#include "core/error.h"
#include "core/options.h"
#include "data/tensor_shards.h"
#include "synth/synthetic_earth.h"
#include "synth/world_text.h"

#ifdef SKYSENSE_RASTER
#include "ingest/index_dataset.h"
#endif

namespace skysense::app {
namespace {

/// What may follow the number of places, as ",key=value".
struct WorldSettings {
  int64_t seed = 0, size = SynthOptions{}.cells, hr = 0;
  std::string scenes;

  void describe(OptionFields& fields) {
    fields("seed", seed, "of the world, whatever that of the training is").at_least(0);
    fields("size", size, "side of a place in cells of 10 m").at_least(1);
    fields("hr", hr, "HR pixels a cell side").between(1, 64);
    fields("scenes", scenes, "classes that places take turns in, joined by +; none: all");
  }
};

}  // namespace

std::optional<SynthOptions> synthetic_world(const std::string& data, const ViewOptions& views, uint64_t seed) {
  const auto text = parse_world_text(data);
  if (!text) return std::nullopt;
  SynthOptions options;
  options.places = text->places;
  WorldSettings settings{.seed = static_cast<int64_t>(seed), .hr = views.hr_per_cell, .scenes = {}};
  OptionFields fields = fields_of(settings);
  for (const std::string& assignment : text->assignments) apply_assignment(fields, assignment, "--data synth:…");
  options.seed = settings.seed;
  options.cells = settings.size;
  options.hr_per_cell = settings.hr;
  if (!settings.scenes.empty()) options.scenes = parse_scene_classes(settings.scenes);
  return options;
}

std::unique_ptr<PlaceDataset> open_places(const std::string& data, const ViewOptions& views, uint64_t seed,
                                          bool verify) {
  if (const auto world = synthetic_world(data, views, seed)) {
    if (world->hr_per_cell != views.hr_per_cell) {
      throw UsageError(fmt::format("--data {}: {} HR pixels a cell, and views.hr_per_cell is {}; set the latter alone",
                                   data, world->hr_per_cell, views.hr_per_cell));
    }
    return std::make_unique<SyntheticEarth>(*world);
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
