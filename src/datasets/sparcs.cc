#include "datasets/folder_listing.h"
#include "datasets/readers.h"
#include "datasets/sensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLayout = "expected SPARCS: sending/SCENE_data.tif and sending/SCENE_mask.png";
constexpr std::string_view kImageEnding = "_data";

}  // namespace

DatasetListing list_sparcs(const fs::path& root, const DatasetOptions& options) {
  const fs::path folder = require_folder(root, {"sending", "l8cloudmasks/sending", "."}, kLayout);
  DatasetListing listing;
  listing.description = {
      .name = "sparcs",
      .label = LabelKind::kMask,
      .classes = {"cloud shadow", "cloud shadow over water", "water", "snow", "land", "cloud", "flooded"},
      .colours = {{0, 0, 0}, {0, 0, 128}, {0, 0, 255}, {0, 255, 255}, {128, 128, 128}, {255, 255, 255}, {128, 128, 0}},
      .sensors = {},
      .split_rule = {}};
  listing.description.sensors[Modality::kMs] = landsat8_toa();
  for (int64_t k = 0; k < 7; ++k) listing.coding.values[k] = k;
  for (const std::string& file : files_in(folder, {".tif"})) {
    const std::string stem = fs::path(file).stem().string();
    if (!stem.ends_with(kImageEnding)) continue;
    const std::string scene = stem.substr(0, stem.size() - kImageEnding.size());
    SampleRecord sample{.entry = {scene, "train", ""}, .images = {}};
    // Ten bands: 1 to 7, 9, and the thermal ones; the panchromatic band 8 is left out.
    sample.images[Modality::kMs] = {
        {{(folder / file).string()}, "B1=1,B2=2,B3=3,B4=4,B5=5,B6=6,B7=7,B9=8", find_date(scene)}};
    sample.masks = {{(folder / (scene + "_mask.png")).string()}};
    listing.samples.push_back(std::move(sample));
  }
  if (options.train_share > 0 || !split_by_lists(listing, root, "{}.txt"))
    split_by_share(listing, options.train_share > 0 ? options.train_share : 0.8, options.seed);
  finish_listing(listing, root, kLayout);
  return listing;
}

}  // namespace skysense
