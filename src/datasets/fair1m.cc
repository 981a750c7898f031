#include <fmt/format.h>

#include <array>

#include "datasets/box_folders.h"
#include "datasets/folder_listing.h"
#include "datasets/readers.h"
#include "datasets/sensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLayout =
    "expected FAIR1M: train/part1/images/0.tif with train/part1/labelXml/0.xml (part2 likewise, or train/images), "
    "validation/images with validation/labelXml, test/images";

/// By category: ships, vehicles, aeroplanes, courts, roads.
constexpr std::array<const char*, 37> kClasses = {"Passenger Ship",
                                                  "Motorboat",
                                                  "Fishing Boat",
                                                  "Tugboat",
                                                  "other-ship",
                                                  "Engineering Ship",
                                                  "Liquid Cargo Ship",
                                                  "Dry Cargo Ship",
                                                  "Warship",
                                                  "Small Car",
                                                  "Bus",
                                                  "Cargo Truck",
                                                  "Dump Truck",
                                                  "other-vehicle",
                                                  "Van",
                                                  "Trailer",
                                                  "Tractor",
                                                  "Excavator",
                                                  "Truck Tractor",
                                                  "Boeing737",
                                                  "Boeing747",
                                                  "Boeing777",
                                                  "Boeing787",
                                                  "ARJ21",
                                                  "C919",
                                                  "A220",
                                                  "A321",
                                                  "A330",
                                                  "A350",
                                                  "other-airplane",
                                                  "Baseball Field",
                                                  "Basketball Court",
                                                  "Football Field",
                                                  "Tennis Court",
                                                  "Roundabout",
                                                  "Intersection",
                                                  "Bridge"};

void add_folder(DatasetListing& listing, const fs::path& root, const std::string& folder, const std::string& split,
                const DatasetOptions& options) {
  add_box_folder(listing,
                 {root / folder / "images",
                  first_folder({root / folder / "labelXml", root / folder / "labelXmls",
                                root / folder / "labelXmls" / "labelXml"}),
                  split, folder + "/", BoxFormat::kFair1m},
                 options);
}

}  // namespace

DatasetListing list_fair1m(const fs::path& root, const DatasetOptions& options) {
  DatasetListing listing;
  listing.description = {.name = "fair1m",
                         .classes = {},
                         .colours = {},
                         .sensors = rgb_pictures(0.5),
                         .split_rule = "folders train, validation and test"};
  set_object_reading(listing, options, true);
  set_classes(listing, {kClasses.begin(), kClasses.end()});
  for (const char* folder : {"train", "train/part1", "train/part2"})
    add_folder(listing, root, folder, "train", options);
  for (const char* folder : {"validation", "val"}) add_folder(listing, root, folder, "val", options);
  add_folder(listing, root, "test", "test", options);
  finish_box_listing(listing, root, kLayout);
  return listing;
}

}  // namespace skysense
