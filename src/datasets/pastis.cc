#include <fmt/format.h>

#include <algorithm>

#include "core/dataset_documents.h"
#include "core/files.h"
#include "datasets/folder_listing.h"
#include "datasets/readers.h"
#include "datasets/sensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLayout =
    "expected PASTIS: metadata.geojson, DATA_S2/S2_10000.npy, ANNOTATIONS/TARGET_10000.npy; of PASTIS-R also DATA_S1A "
    "and DATA_S1D; of PASTIS-MM also DATA_HR/HR_10000.tif (or .png), or PASTIS-HD's DATA_SPOT";

constexpr int64_t kFolds = 5, kVoid = 19;

/// Images of a series file, one a date.
void add_series(std::vector<ImageFile>& images, const fs::path& root, const std::string& sensor,
                const PastisPatch& patch) {
  const std::string file = (root / ("DATA_" + sensor) / fmt::format("{}_{}.npy", sensor, patch.id)).string();
  const auto dates = patch.dates.find(sensor);
  if (dates == patch.dates.end()) return;
  for (size_t t = 0; t < dates->second.size(); ++t)
    images.push_back({{file}, "", dates->second[t], static_cast<int64_t>(t)});
}

std::string hr_file(const fs::path& root, int64_t id) {
  if (fs::is_directory(root / "DATA_HR")) {
    return file_named(root / "DATA_HR", fmt::format("HR_{}", id), kPictures)
        .value_or(root / "DATA_HR" / fmt::format("HR_{}.tif", id))
        .string();
  }
  return (root / "DATA_SPOT" / "PASTIS_SPOT6_RVB_1M00_2019" / fmt::format("SPOT6_RVB_1M00_2019_{}.tif", id)).string();
}

std::string split_of(int64_t fold, int64_t test_fold) {
  const int64_t validation = (test_fold + kFolds - 2) % kFolds + 1;
  return fold == test_fold ? "test" : fold == validation ? "val" : "train";
}

const std::vector<std::string> kClasses = {"background",
                                           "meadow",
                                           "soft winter wheat",
                                           "corn",
                                           "winter barley",
                                           "winter rapeseed",
                                           "spring barley",
                                           "sunflower",
                                           "grapevine",
                                           "beet",
                                           "winter triticale",
                                           "winter durum wheat",
                                           "fruits, vegetables, flowers",
                                           "potatoes",
                                           "leguminous fodder",
                                           "soybeans",
                                           "orchard",
                                           "mixed cereal",
                                           "sorghum"};

}  // namespace

DatasetListing list_pastis(const fs::path& given, const DatasetOptions& options, PastisVariant variant) {
  const fs::path root = first_folder({given / "PASTIS-R", given / "PASTIS-MM", given / "PASTIS"}).value_or(given);
  require_folder(root, {"DATA_S2"}, kLayout);
  if (variant != PastisVariant::kS2) require_folder(root, {"DATA_S1A"}, kLayout);
  if (variant == PastisVariant::kAll) require_folder(root, {"DATA_HR", "DATA_SPOT"}, kLayout);
  DatasetListing listing;
  DatasetDescription& description = listing.description;
  description.name = variant == PastisVariant::kS2     ? "pastis"
                     : variant == PastisVariant::kS2S1 ? "pastis-r"
                                                       : "pastis-mm";
  description.label = LabelKind::kMask;
  description.classes = kClasses;
  description.sensors = variant == PastisVariant::kS2 ? built_in("sentinel2-l2a") : sentinel2_and_1();
  if (variant == PastisVariant::kAll) {
    const double gsd_m = fs::is_directory(root / "DATA_HR") ? 0.3125 : 1.0;
    description.sensors[Modality::kHr] = rgb_pictures(gsd_m)[Modality::kHr];
  }
  description.split_rule =
      fmt::format("official folds: {} for test, the one before it for validation; void is ignored", options.fold);
  for (int64_t k = 0; k < kVoid; ++k) listing.coding.values[k] = k;
  listing.coding.values[kVoid] = -1;
  const fs::path metadata = root / "metadata.geojson";
  for (const PastisPatch& patch : parse_pastis_metadata(read_text_file(metadata), metadata.string())) {
    SampleRecord sample{.entry = {std::to_string(patch.id), split_of(patch.fold, options.fold), ""}, .images = {}};
    add_series(sample.images[Modality::kMs], root, "S2", patch);
    if (variant != PastisVariant::kS2) {
      auto& radar = sample.images[Modality::kSar];
      add_series(radar, root, "S1A", patch);
      add_series(radar, root, "S1D", patch);
      std::stable_sort(radar.begin(), radar.end(),
                       [](const ImageFile& a, const ImageFile& b) { return a.date < b.date; });
    }
    if (variant == PastisVariant::kAll) sample.images[Modality::kHr] = {{{hr_file(root, patch.id)}}};
    sample.masks = {{(root / "ANNOTATIONS" / fmt::format("TARGET_{}.npy", patch.id)).string(), LabelFormat::kNumpy}};
    listing.samples.push_back(std::move(sample));
  }
  finish_listing(listing, root, kLayout);
  return listing;
}

}  // namespace skysense
