#include <fmt/format.h>

#include "core/class_names.h"
#include "core/error.h"
#include "datasets/folder_listing.h"
#include "datasets/readers.h"
#include "datasets/sensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kMaskLayout =
    "expected images/NAME.tif and masks/NAME.png (or img_dir and ann_dir), also with train, val and test below them, "
    "and label-classes.json naming the label values 0, 1, …; 255 is ignored";
constexpr const char* kVectorLayout =
    "expected images/NAME.tif and labels/NAME.geojson (or .gpkg, .shp, .fgb), also with train, val and test below "
    "them; label-classes.json names the classes where an attribute tells them apart";

const std::set<std::string> kVectors = {".geojson", ".json", ".gpkg", ".shp", ".fgb"};

/// Adds a sample for every image that has a label of its name; images without one are unlabelled and left out.
void add_folder(DatasetListing& listing, const fs::path& images, const fs::path& labels, const std::string& split,
                const DatasetOptions& options, LabelFormat format) {
  if (!fs::is_directory(images)) return;
  for (const std::string& file : files_in(images, kPictures)) {
    const std::string stem = fs::path(file).stem().string();
    const auto label = file_named(labels, stem, format == LabelFormat::kVectors ? kVectors : kPictures);
    if (!label) continue;
    SampleRecord sample{.entry = {split.empty() ? file : split + "/" + file, split, ""}, .images = {}};
    for (const Modality modality : kModalities) {
      if (listing.description.sensors[modality])
        sample.images[modality] = {{{(images / file).string()}, options.bands, find_date(stem)}};
    }
    sample.masks = {{label->string(), format}};
    listing.samples.push_back(std::move(sample));
  }
}

void list_pairs(DatasetListing& listing, const fs::path& root, const DatasetOptions& options, LabelFormat format,
                const std::vector<std::string>& label_folders, const std::string& layout) {
  const fs::path images = require_folder(root, {"images", "img_dir"}, layout),
                 labels = require_folder(root, label_folders, layout);
  for (const char* split : kSplits) add_folder(listing, images / split, labels / split, split, options, format);
  add_folder(listing, images, labels, "", options, format);
  bool all_split = true;
  for (const SampleRecord& sample : listing.samples) all_split = all_split && !sample.entry.split.empty();
  listing.description.split_rule = "folders train, val and test";
  if (options.train_share > 0 || (!all_split && !split_by_lists(listing, root, "{}.txt")))
    split_by_share(listing, options.train_share > 0 ? options.train_share : 0.8, options.seed);
  finish_listing(listing, root, layout);
}

}  // namespace

DatasetListing list_image_masks(const fs::path& root, const DatasetOptions& options) {
  DatasetListing listing;
  listing.description = {.name = "image-masks",
                         .label = LabelKind::kMask,
                         .classes = read_class_names(root / kLabelClassesFile),
                         .colours = {},
                         .sensors = built_in(options.sensor),
                         .split_rule = {}};
  const auto& classes = listing.description.classes;
  if (classes.empty())
    throw DataError(fmt::format("{}: missing or empty; {}", (root / kLabelClassesFile).string(), kMaskLayout));
  for (size_t k = 0; k < classes.size(); ++k) listing.coding.values[static_cast<int64_t>(k)] = static_cast<int64_t>(k);
  listing.coding.values.emplace(255, -1);
  list_pairs(listing, root, options, LabelFormat::kRaster, {"masks", "ann_dir", "labels"}, kMaskLayout);
  return listing;
}

DatasetListing list_vector_labels(const fs::path& root, const DatasetOptions& options) {
  DatasetListing listing;
  listing.description = {.name = "vector-labels",
                         .label = LabelKind::kMask,
                         .classes = read_class_names(root / kLabelClassesFile),
                         .colours = {},
                         .sensors = built_in(options.sensor),
                         .split_rule = {}};
  if (listing.description.classes.empty()) {
    if (!options.attribute.empty())
      throw DataError(fmt::format("{}: missing or empty; {}", (root / kLabelClassesFile).string(), kVectorLayout));
    listing.description.classes = {"background", "object"};
  }
  listing.coding.attribute = options.attribute;
  list_pairs(listing, root, options, LabelFormat::kVectors, {"labels"}, kVectorLayout);
  return listing;
}

}  // namespace skysense
