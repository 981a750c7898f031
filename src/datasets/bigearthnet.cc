#include <fmt/format.h>

#include "core/dataset_documents.h"
#include "core/error.h"
#include "core/files.h"
#include "datasets/folder_listing.h"
#include "datasets/readers.h"
#include "datasets/sensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLayout =
    "expected BigEarthNet v1.0: BigEarthNet-v1.0/PATCH/PATCH_B02.tif … and PATCH_labels_metadata.json, with Sentinel-1 "
    "in BigEarthNet-S1-v1.0, and bigearthnet-train.csv, -val.csv, -test.csv beside them";

/// The 19 classes of BigEarthNet-MM (Sumbul et al. 2021, arXiv 2105.07921, Table 1), each with the CORINE level-3
/// names that it joins.
struct JoinedClass {
  const char* name;
  std::vector<const char*> corine;
};

const std::vector<JoinedClass>& joined_classes() {
  static const std::vector<JoinedClass> classes = {
      {"Urban fabric", {"Continuous urban fabric", "Discontinuous urban fabric"}},
      {"Industrial or commercial units", {"Industrial or commercial units"}},
      {"Arable land", {"Non-irrigated arable land", "Permanently irrigated land", "Rice fields"}},
      {"Permanent crops",
       {"Vineyards", "Fruit trees and berry plantations", "Olive groves",
        "Annual crops associated with permanent crops"}},
      {"Pastures", {"Pastures"}},
      {"Complex cultivation patterns", {"Complex cultivation patterns"}},
      {"Land principally occupied by agriculture, with significant areas of natural vegetation",
       {"Land principally occupied by agriculture, with significant areas of natural vegetation"}},
      {"Agro-forestry areas", {"Agro-forestry areas"}},
      {"Broad-leaved forest", {"Broad-leaved forest"}},
      {"Coniferous forest", {"Coniferous forest"}},
      {"Mixed forest", {"Mixed forest"}},
      {"Natural grassland and sparsely vegetated areas", {"Natural grassland", "Sparsely vegetated areas"}},
      {"Moors, heathland and sclerophyllous vegetation", {"Moors and heathland", "Sclerophyllous vegetation"}},
      {"Transitional woodland, shrub", {"Transitional woodland/shrub"}},
      {"Beaches, dunes, sands", {"Beaches, dunes, sands"}},
      {"Inland wetlands", {"Inland marshes", "Peatbogs"}},
      {"Coastal wetlands", {"Salt marshes", "Salines"}},
      {"Inland waters", {"Water courses", "Water bodies"}},
      {"Marine waters", {"Coastal lagoons", "Estuaries", "Sea and ocean"}}};
  return classes;
}

/// CORINE classes that the 19 leave out.
constexpr std::array<const char*, 11> kLeftOut = {"Road and rail networks and associated land",
                                                  "Port areas",
                                                  "Airports",
                                                  "Mineral extraction sites",
                                                  "Dump sites",
                                                  "Construction sites",
                                                  "Green urban areas",
                                                  "Sport and leisure facilities",
                                                  "Bare rock",
                                                  "Burnt areas",
                                                  "Intertidal flats"};

ImageFile patch_image(const fs::path& folder, const SensorContract& sensor) {
  ImageFile image;
  const std::string patch = folder.filename().string();
  for (const Band& band : sensor.bands)
    image.paths.push_back((folder / fmt::format("{}_{}.tif", patch, band.name)).string());
  image.date = find_date(patch);
  return image;
}

/// Names of the patches of a split, Sentinel-2's and Sentinel-1's.
struct PatchPair {
  std::string sentinel2, sentinel1, split;
};

std::vector<PatchPair> read_lists(const fs::path& root, std::string& rule) {
  std::vector<PatchPair> pairs;
  for (const char* split : kSplits) {
    for (const std::string& name : {fmt::format("bigearthnet-{}.csv", split), fmt::format("splits/{}.csv", split)}) {
      const fs::path file = root / name;
      if (!fs::exists(file)) continue;
      for (const std::string& line : parse_name_list(read_text_file(file))) {
        const size_t comma = line.find(',');
        pairs.push_back({line.substr(0, comma), comma == std::string::npos ? "" : line.substr(comma + 1), split});
      }
      rule += (rule.empty() ? "lists " : ", ") + name;
      break;
    }
  }
  return pairs;
}

/// Every patch of the folders: without lists, the Sentinel-1 patches say which their Sentinel-2 ones are.
std::vector<PatchPair> find_pairs(const fs::path& sentinel2, const std::optional<fs::path>& sentinel1) {
  std::map<std::string, std::string> partners;
  if (sentinel1) {
    for (const std::string& patch : subfolders_of(*sentinel1)) {
      const fs::path file = *sentinel1 / patch / (patch + "_labels_metadata.json");
      partners[parse_bigearthnet_patch(read_text_file(file), file.string()).sentinel2_patch] = patch;
    }
  }
  std::vector<PatchPair> pairs;
  for (const std::string& patch : subfolders_of(sentinel2)) {
    const auto partner = partners.find(patch);
    if (!sentinel1 || partner != partners.end())
      pairs.push_back({patch, partner == partners.end() ? "" : partner->second, ""});
  }
  return pairs;
}

}  // namespace

DatasetListing list_bigearthnet(const fs::path& root, const DatasetOptions& options, bool with_sentinel1) {
  const fs::path sentinel2 =
      require_folder(root, {"BigEarthNet-v1.0", "BigEarthNet-S2-v1.0", "BigEarthNet-S2-Example"}, kLayout);
  std::optional<fs::path> sentinel1;
  if (with_sentinel1) sentinel1 = require_folder(root, {"BigEarthNet-S1-v1.0", "BigEarthNet-S1-Example"}, kLayout);
  DatasetListing listing;
  DatasetDescription& description = listing.description;
  description.name = with_sentinel1 ? "bigearthnet-mm" : "bigearthnet-s2";
  description.label = LabelKind::kMultiLabel;
  description.sensors = with_sentinel1 ? sentinel2_and_1() : built_in("sentinel2-l2a");
  for (const JoinedClass& joined : joined_classes()) {
    for (const char* name : joined.corine)
      listing.coding.names[name] = static_cast<int64_t>(description.classes.size());
    description.classes.emplace_back(joined.name);
  }
  for (const char* name : kLeftOut) listing.coding.names[name] = -1;
  std::vector<PatchPair> pairs;
  if (options.train_share == 0) pairs = read_lists(root, description.split_rule);
  const bool by_lists = !pairs.empty();
  if (!by_lists) pairs = find_pairs(sentinel2, sentinel1);
  for (const PatchPair& pair : pairs) {
    const fs::path folder = sentinel2 / pair.sentinel2;
    SampleRecord sample{.entry = {pair.sentinel2, pair.split, ""}, .images = {}};
    sample.images[Modality::kMs] = {patch_image(folder, *description.sensors[Modality::kMs])};
    if (sentinel1) {
      if (pair.sentinel1.empty()) {
        throw DataError(fmt::format("{}: patch {} has no Sentinel-1 patch in the split lists; use bigearthnet-s2",
                                    root.string(), pair.sentinel2));
      }
      sample.images[Modality::kSar] = {patch_image(*sentinel1 / pair.sentinel1, *description.sensors[Modality::kSar])};
    }
    sample.document = (folder / (pair.sentinel2 + "_labels_metadata.json")).string();
    listing.samples.push_back(std::move(sample));
  }
  if (!by_lists) split_by_share(listing, options.train_share > 0 ? options.train_share : 0.5, options.seed);
  finish_listing(listing, root, kLayout);
  return listing;
}

}  // namespace skysense
