#include <fmt/format.h>

#include <array>

#include "core/csv.h"
#include "core/files.h"
#include "datasets/box_folders.h"
#include "datasets/folder_listing.h"
#include "datasets/readers.h"
#include "datasets/sensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLayout =
    "expected DOTA: train/images/P0000.png with train/labelTxt/P0000.txt (or labelTxt-v1.5, labelTxt-v2.0), val and "
    "test likewise (test without labels), or images and labelTxt without splits";

/// In the order of DOTA's development kit; the first 15 are those of version 1.0, the first 16 of 1.5.
constexpr std::array<const char*, 18> kClasses = {"plane",
                                                  "ship",
                                                  "storage-tank",
                                                  "baseball-diamond",
                                                  "tennis-court",
                                                  "basketball-court",
                                                  "ground-track-field",
                                                  "harbor",
                                                  "bridge",
                                                  "large-vehicle",
                                                  "small-vehicle",
                                                  "helicopter",
                                                  "roundabout",
                                                  "soccer-ball-field",
                                                  "swimming-pool",
                                                  "container-crane",
                                                  "airport",
                                                  "helipad"};

size_t classes_of(const std::string& version) { return version == "1.0" ? 15 : version == "1.5" ? 16 : 18; }

std::optional<fs::path> labels_below(const fs::path& folder, const std::string& version, const std::string& split) {
  const fs::path versioned = folder / ("labelTxt-v" + version);
  return first_folder({versioned / fmt::format("DOTA-v{}_{}", version, split), versioned / "labelTxt", versioned,
                       folder / "annotations" / ("version" + version), folder / "labelTxt"});
}

/// torchgeo's table of all versions.
void add_table(DatasetListing& listing, const fs::path& root, const std::string& version,
               const DatasetOptions& options) {
  const fs::path file = root / "samples.csv";
  const CsvTable table = parse_csv(read_text_file(file), file.string());
  const size_t image = table.column("image_path"), label = table.column("annotation_path"),
               split = table.column("split"), of = table.column("version");
  for (const auto& row : table.rows) {
    if (row[of] != version) continue;
    add_box_sample(listing, row[split] + "/" + fs::path(row[image]).stem().string(), row[split], root / row[image],
                   BoxFile{.path = (root / row[label]).string(), .format = BoxFormat::kDota}, options);
  }
}

}  // namespace

DatasetListing list_dota(const fs::path& root, const DatasetOptions& options, const std::string& version) {
  DatasetListing listing;
  listing.description = {.name = "dota-v" + version,
                         .classes = {},
                         .colours = {},
                         .sensors = rgb_pictures(0.3),
                         .split_rule = "folders train, val and test"};
  set_object_reading(listing, options, true);
  set_classes(listing, {kClasses.begin(), kClasses.begin() + static_cast<std::ptrdiff_t>(classes_of(version))});
  if (fs::exists(root / "samples.csv")) {
    add_table(listing, root, version, options);
    listing.description.split_rule = "samples.csv";
  } else if (fs::is_directory(root / "images")) {
    add_box_folder(listing, {root / "images", labels_below(root, version, ""), "", "", BoxFormat::kDota}, options);
    if (!split_by_lists(listing, root, "{}.txt"))
      split_by_share(listing, options.train_share > 0 ? options.train_share : 0.8, options.seed);
  } else {
    for (const std::string split : kSplits) {
      add_box_folder(
          listing,
          {root / split / "images", labels_below(root / split, version, split), split, split + "/", BoxFormat::kDota},
          options);
    }
  }
  finish_box_listing(listing, root, kLayout);
  return listing;
}

}  // namespace skysense
