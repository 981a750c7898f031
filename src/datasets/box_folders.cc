#include "datasets/box_folders.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.h"
#include "datasets/folder_listing.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

std::set<std::string> suffixes_of(BoxFormat format) {
  switch (format) {
    case BoxFormat::kDota:
      return {".txt"};
    case BoxFormat::kVoc:
    case BoxFormat::kFair1m:
      return {".xml"};
    default:
      return {".geojson", ".json", ".gpkg", ".shp", ".fgb"};
  }
}

/// ".xml", or of several "{.fgb,.geojson}".
std::string spelling_of(const std::set<std::string>& suffixes) {
  return suffixes.size() == 1 ? *suffixes.begin() : fmt::format("{{{}}}", fmt::join(suffixes, ","));
}

}  // namespace

void set_object_reading(DatasetListing& listing, const DatasetOptions& options, bool oriented) {
  if (!options.boxes.empty()) oriented = options.boxes == "oriented";
  listing.description.label = LabelKind::kBoxes;
  listing.description.oriented = oriented;
  listing.objects = {.kind = oriented ? BoxKind::kOriented : BoxKind::kUpright,
                     .least_share = options.least_share,
                     .strict = options.strict};
}

void set_classes(DatasetListing& listing, const std::vector<std::string>& classes) {
  listing.description.classes = classes;
  for (size_t k = 0; k < classes.size(); ++k) listing.coding.names[classes[k]] = static_cast<int64_t>(k);
}

void add_box_sample(DatasetListing& listing, const std::string& name, const std::string& split, const fs::path& image,
                    const std::optional<BoxFile>& boxes, const DatasetOptions& options) {
  auto& problems = listing.description.problems;
  if (!fs::exists(image)) {
    problems.push_back(
        fmt::format("{}: labels without an image: {} is missing", boxes ? boxes->path : name, image.string()));
    return;
  }
  if (boxes && boxes->format != BoxFormat::kListed && !fs::exists(boxes->path)) {
    problems.push_back(fmt::format("{}: an image without labels: {} is missing", image.string(), boxes->path));
    return;
  }
  SampleRecord sample{.entry = {name, split, ""}, .images = {}};
  for (const Modality modality : kModalities) {
    if (listing.description.sensors[modality])
      sample.images[modality] = {{.paths = {image.string()},
                                  .bands = options.bands,
                                  .date = find_date(image.stem().string()),
                                  .may_be_grey = true}};
  }
  sample.boxes = boxes;
  listing.samples.push_back(std::move(sample));
}

void add_box_folder(DatasetListing& listing, const BoxFolder& folder, const DatasetOptions& options) {
  if (!fs::is_directory(folder.images)) return;
  const std::set<std::string> suffixes = suffixes_of(folder.format);
  std::set<std::string> stems;
  for (const std::string& file : files_in(folder.images, kPictures)) {
    const std::string stem = fs::path(file).stem().string();
    stems.insert(stem);
    std::optional<BoxFile> boxes;
    if (folder.labels) {
      const auto found = file_named(*folder.labels, stem, suffixes);
      boxes = BoxFile{.path = found.value_or(*folder.labels / (stem + spelling_of(suffixes))).string(),
                      .format = folder.format};
    }
    add_box_sample(listing, folder.prefix + stem, folder.split, folder.images / file, boxes, options);
  }
  if (folder.labels) note_stray_labels(listing, *folder.labels, folder.format, stems, folder.images.string());
}

void note_stray_labels(DatasetListing& listing, const fs::path& labels, BoxFormat format,
                       const std::set<std::string>& images, const std::string& folders) {
  if (!fs::is_directory(labels)) return;
  for (const std::string& file : files_in(labels, suffixes_of(format))) {
    if (images.contains(fs::path(file).stem().string())) continue;
    listing.description.problems.push_back(
        fmt::format("{}: labels without an image of their name in {}", (labels / file).string(), folders));
  }
}

void finish_box_listing(DatasetListing& listing, const fs::path& root, const std::string& layout) {
  const auto& problems = listing.description.problems;
  if (listing.objects.strict && !problems.empty()) throw DataError(problems.front());
  if (listing.samples.empty() && !problems.empty())
    throw DataError(fmt::format("{}: no samples; {}; {}", root.string(), problems.front(), layout));
  finish_listing(listing, root, layout);
}

}  // namespace skysense
