#include <fmt/format.h>

#include "datasets/folder_listing.h"
#include "datasets/readers.h"
#include "datasets/sensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLayout =
    "expected LoveDA: Train/Urban/images_png/0.png and Train/Urban/masks_png/0.png; Rural, Val and Test likewise (Test "
    "without masks)";

}  // namespace

DatasetListing list_loveda(const fs::path& root, const DatasetOptions&) {
  DatasetListing listing;
  listing.description = {
      .name = "loveda",
      .label = LabelKind::kMask,
      .classes = {"background", "building", "road", "water", "barren", "forest", "agriculture"},
      .colours =
          {{255, 255, 255}, {255, 0, 0}, {255, 255, 0}, {0, 0, 255}, {159, 129, 183}, {0, 255, 0}, {255, 195, 128}},
      .sensors = rgb_pictures(0.3),
      .split_rule = "folders Train, Val and Test"};
  listing.coding.values[0] = -1;  // no data
  for (int64_t k = 0; k < 7; ++k) listing.coding.values[k + 1] = k;
  constexpr std::array<const char*, 3> kFolders = {"Train", "Val", "Test"};
  for (size_t i = 0; i < kFolders.size(); ++i) {
    for (const char* scene : {"Rural", "Urban"}) {
      const fs::path images = root / kFolders[i] / scene / "images_png",
                     masks = root / kFolders[i] / scene / "masks_png";
      if (!fs::is_directory(images)) continue;
      for (const std::string& file : files_in(images, {".png"})) {
        SampleRecord sample{.entry = {fmt::format("{}/{}/{}", kFolders[i], scene, file), kSplits[i], ""}, .images = {}};
        sample.images[Modality::kHr] = {{{(images / file).string()}}};
        if (std::string(kSplits[i]) != "test") sample.masks = {{(masks / file).string()}};
        listing.samples.push_back(std::move(sample));
      }
    }
  }
  finish_listing(listing, root, kLayout);
  return listing;
}

}  // namespace skysense
