#include <fmt/format.h>

#include "datasets/folder_listing.h"
#include "datasets/readers.h"

namespace skysense {

namespace fs = std::filesystem;

DatasetListing list_class_folders(const fs::path& root, const DatasetOptions& options,
                                  const ClassFolderLayout& layout) {
  const std::string expected = "expected one folder of images a class, below it or " + layout.folders.front();
  std::optional<fs::path> folder;
  for (const std::string& candidate : layout.folders) {
    const fs::path below = (root / candidate).lexically_normal();
    if (const auto classes = subfolders_of(below); classes.size() > 1) {
      folder = below;
      break;
    }
  }
  if (!folder) require_folder(root, layout.folders, expected);
  DatasetListing listing;
  listing.description = {.name = layout.name,
                         .label = LabelKind::kClass,
                         .classes = folder ? subfolders_of(*folder) : std::vector<std::string>{},
                         .colours = {},
                         .sensors = layout.sensors,
                         .split_rule = {}};
  Modality modality{};
  for (const Modality one : kModalities) {
    if (layout.sensors[one]) modality = one;
  }
  for (size_t k = 0; k < listing.description.classes.size(); ++k) {
    const std::string& name = listing.description.classes[k];
    for (const std::string& file : files_in(*folder / name, kPictures)) {
      SampleRecord sample{.entry = {name + "/" + file, "train", ""}, .images = {}};
      sample.images[modality] = {{{(*folder / name / file).string()}, layout.bands}};
      sample.classes = {static_cast<int64_t>(k)};
      listing.samples.push_back(std::move(sample));
    }
  }
  const bool by_lists =
      options.train_share == 0 && !layout.lists.empty() && split_by_lists(listing, root, layout.lists);
  if (!by_lists)
    split_by_share(listing, options.train_share > 0 ? options.train_share : layout.train_share, options.seed);
  finish_listing(listing, root, expected);
  return listing;
}

}  // namespace skysense
