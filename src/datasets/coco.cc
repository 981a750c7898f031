#include <fmt/format.h>

#include "core/error.h"
#include "core/files.h"
#include "data/coco_document.h"
#include "datasets/box_folders.h"
#include "datasets/folder_listing.h"
#include "datasets/readers.h"
#include "datasets/sensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLayout =
    "expected annotations/instances_train2017.json, or annotations/train.json, train.json or "
    "train/_annotations.coco.json (val and test likewise), or annotations/coco.json without splits; images as they "
    "name "
    "them below the folder, images/, train/ or train2017/";

/// The document of a split, or nothing.
std::optional<fs::path> document_of(const fs::path& root, const std::string& split) {
  const std::string roboflow = split == "val" ? "valid" : split;
  std::vector<fs::path> candidates = {root / "annotations" / (split + ".json"),
                                      root / "annotations" / ("instances_" + split + ".json"),
                                      root / (split + ".json"),
                                      root / ("instances_" + split + ".json"),
                                      root / split / "_annotations.coco.json",
                                      root / roboflow / "_annotations.coco.json"};
  for (const char* year : {"2017", "2014"})
    candidates.push_back(root / "annotations" / fmt::format("instances_{}{}.json", split, year));
  for (const fs::path& file : candidates) {
    if (fs::exists(file)) return file;
  }
  return std::nullopt;
}

fs::path image_of(const fs::path& root, const fs::path& document, const std::string& split, const std::string& file) {
  const std::vector<fs::path> folders = {root,
                                         root / "images",
                                         root / "images" / split,
                                         root / split,
                                         root / (split + "2017"),
                                         root / (split + "2014"),
                                         document.parent_path(),
                                         root / split / "images"};
  for (const fs::path& folder : folders) {
    if (fs::exists(folder / file)) return folder / file;
  }
  return root / file;
}

void add_document(DatasetListing& listing, const fs::path& root, const fs::path& file, const std::string& split,
                  const DatasetOptions& options) {
  CocoObjects document = parse_coco(read_text_file(file), file.string());
  if (listing.description.classes.empty()) {
    set_classes(listing, document.classes);
  } else if (listing.description.classes != document.classes) {
    throw DataError(fmt::format("{}: its categories are not those of the other documents", file.string()));
  }
  auto& problems = listing.description.problems;
  problems.insert(problems.end(), document.problems.begin(), document.problems.end());
  for (CocoImage& image : document.images) {
    add_box_sample(
        listing, (split.empty() ? "" : split + "/") + image.file, split, image_of(root, file, split, image.file),
        BoxFile{.path = file.string(), .format = BoxFormat::kListed, .listed = std::move(image.objects)}, options);
  }
}

}  // namespace

DatasetListing list_coco(const fs::path& root, const DatasetOptions& options) {
  DatasetListing listing;
  listing.description = {
      .name = "coco", .classes = {}, .colours = {}, .sensors = built_in(options.sensor), .split_rule = {}};
  set_object_reading(listing, options, false);
  for (const std::string split : kSplits) {
    if (const auto file = document_of(root, split)) add_document(listing, root, *file, split, options);
  }
  listing.description.split_rule = "a document each";
  if (listing.samples.empty()) {
    for (const fs::path& file : {root / "annotations" / "coco.json", root / "annotations.json", root / "coco.json"}) {
      if (!fs::exists(file)) continue;
      add_document(listing, root, file, "", options);
      break;
    }
    if (!listing.samples.empty() && !split_by_lists(listing, root, "{}.txt"))
      split_by_share(listing, options.train_share > 0 ? options.train_share : 0.8, options.seed);
  }
  finish_box_listing(listing, root, kLayout);
  return listing;
}

}  // namespace skysense
