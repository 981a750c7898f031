#include <fmt/format.h>

#include <set>

#include "datasets/folder_listing.h"
#include "datasets/readers.h"
#include "datasets/sensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLayout =
    "expected ISPRS Potsdam: 3_Ortho_IRRG/top_potsdam_2_10_IRRG.tif or 4_Ortho_RGBIR/top_potsdam_2_10_RGBIR.tif, and "
    "top_potsdam_2_10_label.tif in 5_Labels_all or 5_Labels_for_participants or beside these folders";

/// Tiles of the contest's training part; the other 14 are its test part.
const std::set<std::string> kTraining = {"2_10", "2_11", "2_12", "3_10", "3_11", "3_12", "4_10", "4_11",
                                         "4_12", "5_10", "5_11", "5_12", "6_7",  "6_8",  "6_9",  "6_10",
                                         "6_11", "6_12", "7_7",  "7_8",  "7_9",  "7_10", "7_11", "7_12"};

constexpr std::string_view kPrefix = "top_potsdam_";

}  // namespace

DatasetListing list_potsdam(const fs::path& root, const DatasetOptions&) {
  DatasetListing listing;
  listing.description = {
      .name = "potsdam",
      .label = LabelKind::kMask,
      .classes = {"impervious surfaces", "building", "low vegetation", "tree", "car"},
      .colours = {{255, 255, 255}, {0, 0, 255}, {0, 255, 255}, {0, 255, 0}, {255, 255, 0}},
      .sensors = irrg_pictures(0.05),
      .split_rule = "the contest's 24 tiles for training and 14 for test; clutter and erased borders are ignored"};
  for (size_t k = 0; k < listing.description.colours.size(); ++k)
    listing.coding.colours[listing.description.colours[k]] = static_cast<int64_t>(k);
  listing.coding.colours[{255, 0, 0}] = -1;  // clutter
  listing.coding.colours[{0, 0, 0}] = -1;    // the borders of the "noBoundary" labels
  const auto irrg = first_folder({root / "3_Ortho_IRRG" / "3_Ortho_IRRG", root / "3_Ortho_IRRG"}),
             rgbir = first_folder({root / "4_Ortho_RGBIR" / "4_Ortho_RGBIR", root / "4_Ortho_RGBIR"});
  const std::string ending = irrg ? "_IRRG" : "_RGBIR", bands = irrg ? "nir=1,red=2,green=3" : "nir=4,red=1,green=2";
  const fs::path images = irrg ? *irrg : rgbir ? *rgbir : require_folder(root, {"3_Ortho_IRRG"}, kLayout);
  const fs::path labels = first_folder({root / "5_Labels_all", root / "5_Labels_for_participants"}).value_or(root);
  for (const std::string& file : files_in(images, {".tif"})) {
    const std::string stem = fs::path(file).stem().string();
    if (!stem.starts_with(kPrefix) || !stem.ends_with(ending)) continue;
    const std::string tile = stem.substr(kPrefix.size(), stem.size() - kPrefix.size() - ending.size());
    SampleRecord sample{.entry = {tile, kTraining.contains(tile) ? "train" : "test", ""}, .images = {}};
    sample.images[Modality::kHr] = {{{(images / file).string()}, bands}};
    sample.masks = {{(labels / fmt::format("{}{}_label.tif", kPrefix, tile)).string()}};
    listing.samples.push_back(std::move(sample));
  }
  finish_listing(listing, root, kLayout);
  return listing;
}

}  // namespace skysense
