#include "app/labelled_samples.h"

#include <fmt/format.h>

#include "app/places.h"
#include "core/class_names.h"
#include "core/error.h"
#include "data/tensor_shards.h"
#include "synth/scene.h"

namespace skysense::app {

LabelledData open_labelled_samples(const std::string& data, const LabelledReading& reading, const Product& product,
                                   const SyntheticSamples& synthetic) {
  if (auto world = synthetic_world(data, synthetic.views, synthetic.seed)) {
    world->split = synthetic.split;
    return {std::make_unique<SyntheticEarth>(*world), {synth::kSceneClassNames.begin(), synth::kSceneClassNames.end()}};
  }
#ifdef SKYSENSE_RASTER
  return open_labelled_data(data, reading, product);
#else
  if (TensorShards::is_one(data))
    return {std::make_unique<TensorShards>(data), read_class_names(std::filesystem::path(data) / kClassesFile)};
  throw UsageError(
      fmt::format("{}: this build reads no rasters (SKYSENSE_RASTER=OFF); use tensor shards or synth:PLACES", data));
#endif
}

}  // namespace skysense::app
