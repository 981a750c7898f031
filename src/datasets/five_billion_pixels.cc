#include "datasets/folder_listing.h"
#include "datasets/readers.h"
#include "datasets/sensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLayout =
    "expected Five-Billion-Pixels: Image__8bit_NirRGB/SCENE.tif and Annotation__index/SCENE_24label.png";

/// In the order of the index labels 1 to 24; 0 is unlabelled.
const std::vector<std::string> kClasses = {"industrial area",
                                           "paddy field",
                                           "irrigated field",
                                           "dry cropland",
                                           "garden land",
                                           "arbor forest",
                                           "shrub forest",
                                           "park",
                                           "natural meadow",
                                           "artificial meadow",
                                           "river",
                                           "urban residential",
                                           "lake",
                                           "pond",
                                           "fish pond",
                                           "snow",
                                           "bareland",
                                           "rural residential",
                                           "stadium",
                                           "square",
                                           "road",
                                           "overpass",
                                           "railway station",
                                           "airport"};

const std::vector<std::array<uint8_t, 3>> kColours = {
    {200, 0, 0},     {0, 200, 0},     {150, 250, 0},   {150, 200, 150}, {200, 0, 200},   {150, 0, 250},
    {150, 150, 250}, {200, 150, 200}, {250, 200, 0},   {200, 200, 0},   {0, 0, 200},     {250, 0, 150},
    {0, 150, 200},   {0, 200, 250},   {150, 200, 250}, {250, 250, 250}, {200, 200, 200}, {200, 150, 150},
    {250, 200, 150}, {150, 150, 0},   {250, 150, 150}, {250, 150, 0},   {250, 200, 250}, {200, 150, 0}};

}  // namespace

DatasetListing list_five_billion_pixels(const fs::path& root, const DatasetOptions& options) {
  const fs::path images = require_folder(root, {"Image__8bit_NirRGB"}, kLayout),
                 labels = require_folder(root, {"Annotation__index"}, kLayout);
  DatasetListing listing;
  listing.description = {.name = "five-billion-pixels",
                         .label = LabelKind::kMask,
                         .classes = kClasses,
                         .colours = kColours,
                         .sensors = {},
                         .split_rule = {}};
  listing.description.sensors[Modality::kHr] = gaofen2();
  listing.coding.values[0] = -1;
  for (int64_t k = 0; k < static_cast<int64_t>(kClasses.size()); ++k) listing.coding.values[k + 1] = k;
  for (const std::string& file : files_in(images, {".tif", ".tiff"})) {
    const std::string scene = fs::path(file).stem().string();
    SampleRecord sample{.entry = {scene, "train", ""}, .images = {}};
    // The files say that their four bands are inks (CMYK), which GDAL would turn into colours: read them raw.
    sample.images[Modality::kHr] = {{{"GTIFF_RAW:" + (images / file).string()}, "nir=1,red=2,green=3,blue=4"}};
    sample.masks = {{(labels / (scene + "_24label.png")).string()}};
    listing.samples.push_back(std::move(sample));
  }
  if (options.train_share > 0 ||
      (!split_by_lists(listing, root, "{}_list.txt") && !split_by_lists(listing, root, "{}.txt"))) {
    split_by_share(listing, options.train_share > 0 ? options.train_share : 0.8, options.seed);
  }
  finish_listing(listing, root, kLayout);
  return listing;
}

}  // namespace skysense
