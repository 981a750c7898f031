#include <array>
#include <cstdint>

#include "datasets/folder_listing.h"
#include "datasets/readers.h"
#include "datasets/sensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLayout =
    "expected iSAID: train/images/P0000.png with P0000_instance_color_RGB.png beside it or in "
    "train/Semantic_masks/images/images; val and test likewise (test without masks)";

constexpr const char* kMaskSuffix = "_instance_color_RGB";

struct PaintedClass {
  const char* name;
  std::array<uint8_t, 3> colour;
};

/// Background and the 15 classes in the order and colours of the data set's devkit.
constexpr std::array<PaintedClass, 16> kClasses = {{{"background", {0, 0, 0}},
                                                    {"ship", {0, 0, 63}},
                                                    {"storage tank", {0, 63, 63}},
                                                    {"baseball diamond", {0, 63, 0}},
                                                    {"tennis court", {0, 63, 127}},
                                                    {"basketball court", {0, 63, 191}},
                                                    {"ground track field", {0, 63, 255}},
                                                    {"bridge", {0, 127, 63}},
                                                    {"large vehicle", {0, 127, 127}},
                                                    {"small vehicle", {0, 0, 127}},
                                                    {"helicopter", {0, 0, 191}},
                                                    {"swimming pool", {0, 0, 255}},
                                                    {"roundabout", {0, 191, 127}},
                                                    {"soccer ball field", {0, 127, 191}},
                                                    {"plane", {0, 127, 255}},
                                                    {"harbor", {0, 100, 155}}}};

void add_split(DatasetListing& listing, const fs::path& root, const std::string& split) {
  const fs::path images = root / split / "images";
  if (!fs::is_directory(images)) return;
  const fs::path masks = first_folder({root / split / "Semantic_masks" / "images" / "images",
                                       root / split / "Semantic_masks" / "images", root / split / "Semantic_masks"})
                             .value_or(images);
  for (const std::string& file : files_in(images, {".png"})) {
    const std::string stem = fs::path(file).stem().string();
    if (stem.ends_with("_RGB")) continue;  // a mask beside its image
    SampleRecord sample{.entry = {split + "/" + stem, split, ""}, .images = {}};
    sample.images[Modality::kHr] = {{{(images / file).string()}}};
    if (split != "test") sample.masks = {{(masks / (stem + kMaskSuffix + ".png")).string()}};
    listing.samples.push_back(std::move(sample));
  }
}

}  // namespace

DatasetListing list_isaid(const fs::path& root, const DatasetOptions&) {
  DatasetListing listing;
  listing.description = {.name = "isaid",
                         .label = LabelKind::kMask,
                         .classes = {},
                         .colours = {},
                         .sensors = rgb_pictures(0.2),
                         .split_rule = "folders train, val and test"};
  for (const PaintedClass& painted : kClasses) {
    listing.coding.colours[painted.colour] = static_cast<int64_t>(listing.description.classes.size());
    listing.description.classes.emplace_back(painted.name);
    listing.description.colours.push_back(painted.colour);
  }
  for (const char* split : kSplits) add_split(listing, root, split);
  finish_listing(listing, root, kLayout);
  return listing;
}

}  // namespace skysense
