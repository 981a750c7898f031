#include <fmt/format.h>

#include "core/class_names.h"
#include "datasets/folder_listing.h"
#include "datasets/readers.h"
#include "datasets/sensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLayout =
    "expected A/NAME.png, B/NAME.png and label/NAME.png of equal names, also below train, val and test";
constexpr const char* kSemanticLayout =
    "expected im1, im2, label1 and label2 with files of equal names, also below train, val and test, and "
    "label-classes.json naming the label values 0, 1, …";

/// The folders of a pair layout; labels may be one or two.
struct PairFolders {
  const char *before, *after;
  std::vector<const char*> labels;
};

/// Adds the pairs below `folder`; a name without a split of its own may begin with it: "train_36.png".
void add_pairs(DatasetListing& listing, const fs::path& folder, const PairFolders& names, const std::string& split,
               Modality modality, const std::string& bands) {
  if (!fs::is_directory(folder / names.before)) return;
  for (const std::string& file : files_in(folder / names.before, kPictures)) {
    SampleRecord sample{.entry = {split.empty() ? file : split + "/" + file, split, ""}, .images = {}};
    if (split.empty()) {
      for (const char* one : kSplits) {
        if (file.starts_with(fmt::format("{}_", one))) sample.entry.split = one;
      }
    }
    const std::string stem = fs::path(file).stem().string();
    const auto partner = [&](const char* below) {
      return file_named(folder / below, stem, kPictures).value_or(folder / below / file).string();
    };
    sample.images[modality] = {{{(folder / names.before / file).string()}, bands}, {{partner(names.after)}, bands}};
    for (const char* label : names.labels) sample.masks.push_back({partner(label)});
    listing.samples.push_back(std::move(sample));
  }
}

void list_pairs(DatasetListing& listing, const fs::path& root, const PairFolders& names, const DatasetOptions& options,
                const std::string& layout) {
  Modality modality{};
  for (const Modality one : kModalities) {
    if (listing.description.sensors[one]) modality = one;
  }
  for (const char* split : kSplits) add_pairs(listing, root / split, names, split, modality, options.bands);
  add_pairs(listing, root, names, "", modality, options.bands);
  bool all_split = true;
  for (const SampleRecord& sample : listing.samples) all_split = all_split && !sample.entry.split.empty();
  listing.description.split_rule = "folders or names beginning with train, val and test";
  if (options.train_share > 0 ||
      (!all_split && !split_by_lists(listing, root / "list", "{}.txt") && !split_by_lists(listing, root, "{}.txt"))) {
    split_by_share(listing, options.train_share > 0 ? options.train_share : 0.8, options.seed);
  }
  finish_listing(listing, root, layout);
}

DatasetListing binary_change(const std::string& name, const SensorContracts& sensors) {
  DatasetListing listing;
  listing.description = {.name = name,
                         .label = LabelKind::kChangeMask,
                         .classes = {"unchanged", "changed"},
                         .colours = {{0, 0, 0}, {255, 255, 255}},
                         .sensors = sensors,
                         .split_rule = {}};
  listing.coding.values = {{0, 0}, {1, 1}, {255, 1}};
  return listing;
}

}  // namespace

DatasetListing list_levir_cd(const fs::path& root, const DatasetOptions& options) {
  DatasetListing listing = binary_change("levir-cd", rgb_pictures(0.5));
  DatasetOptions own = options;
  own.bands.clear();
  list_pairs(listing, root, {"A", "B", {"label"}}, own, kLayout);
  return listing;
}

DatasetListing list_change_pairs(const fs::path& root, const DatasetOptions& options) {
  DatasetListing listing = binary_change("change-pairs", built_in(options.sensor));
  list_pairs(listing, root, {"A", "B", {"label"}}, options, kLayout);
  return listing;
}

DatasetListing list_semantic_change_pairs(const fs::path& root, const DatasetOptions& options) {
  DatasetListing listing;
  listing.description = {.name = "semantic-change-pairs",
                         .label = LabelKind::kTwoMasks,
                         .classes = read_class_names(root / kLabelClassesFile),
                         .colours = {},
                         .sensors = built_in(options.sensor),
                         .split_rule = {}};
  for (size_t k = 0; k < listing.description.classes.size(); ++k)
    listing.coding.values[static_cast<int64_t>(k)] = static_cast<int64_t>(k);
  listing.coding.values[255] = -1;
  list_pairs(listing, root, {"im1", "im2", {"label1", "label2"}}, options, kSemanticLayout);
  return listing;
}

}  // namespace skysense
