#include "datasets/places.h"

#include <fmt/format.h>

#include "core/error.h"
#include "data/tensor_shards.h"
#include "datasets/listed_dataset.h"
#include "datasets/place_listing.h"
#include "datasets/place_samples.h"
#include "datasets/stored_places.h"
#include "datasets/synthetic_places.h"
#include "synth/materials.h"
#include "synth/objects.h"
#include "synth/scene.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using Colours = std::vector<std::array<uint8_t, 3>>;

// In the order of synth::LandCover and synth::Crop.
const Colours kCoverColours = {{64, 128, 192},  {34, 102, 51}, {150, 200, 90},  {235, 205, 80},
                               {190, 160, 130}, {205, 60, 50}, {105, 105, 115}, {90, 170, 165}};
const Colours kCropColours = {{216, 181, 60}, {176, 128, 60}, {246, 236, 60},  {70, 150, 50},  {250, 150, 20},
                              {160, 40, 110}, {130, 90, 160}, {160, 210, 130}, {180, 180, 180}};
const Colours kChangeColours = {{40, 44, 52}, {235, 70, 60}};

template <size_t N>
std::vector<std::string> names_of(const std::array<std::string_view, N>& names) {
  return {names.begin(), names.end()};
}

}  // namespace

const PlaceTaskTraits& traits_of(PlaceTask task) { return kPlaceTasks.at(static_cast<size_t>(task)); }

DatasetDescription describe_place_task(PlaceTask task) {
  DatasetDescription description;
  description.name = traits_of(task).reader;
  description.label = traits_of(task).label;
  switch (task) {
    case PlaceTask::kClass:
      description.classes = names_of(synth::kSceneClassNames);
      break;
    case PlaceTask::kCrops:
      description.classes = names_of(synth::kCropNames);
      description.colours = kCropColours;
      break;
    case PlaceTask::kChange:
      description.classes = {"unchanged", "changed"};
      description.colours = kChangeColours;
      break;
    case PlaceTask::kObjects:
      description.classes = names_of(synth::kObjectClassNames);
      description.oriented = true;
      break;
    default:
      description.classes = names_of(synth::kLandCoverNames);
      description.colours = kCoverColours;
  }
  return description;
}

std::unique_ptr<LabelledDataset> open_place_task(PlaceTask task, const fs::path& data, const DatasetOptions& options) {
  const int64_t cache_bytes = options.cache_mb << 20;
  const WindowRule rule{.least_share = options.least_share, .upright = options.boxes == "upright"};
  if (auto world = open_synthetic_places(task, data.string(), rule.upright))
    return std::make_unique<PlaceSamples>(std::move(world), cache_bytes, rule);
  if (!fs::is_directory(data)) throw DataError(data.string() + ": no such folder");
  if (!TensorShards::is_one(data) && !fs::exists(data / "index.jsonl")) {
    throw DataError(fmt::format(
        "{}: expected a dataset folder with index.jsonl, one of tensor shards, or synth:PLACES (docs/datasets.md)",
        data.string()));
  }
  if (task == PlaceTask::kObjects) return std::make_unique<ListedDataset>(list_object_places(data, options));
  if (traits_of(task).label != LabelKind::kClass && traits_of(task).label != LabelKind::kMultiLabel &&
      traits_of(task).label != LabelKind::kMask)
    return std::make_unique<ListedDataset>(list_dated_places(task, data, options));
  return std::make_unique<PlaceSamples>(open_stored_places(task, data, options), cache_bytes);
}

}  // namespace skysense
