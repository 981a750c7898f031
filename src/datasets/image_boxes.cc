#include <fmt/format.h>

#include "core/class_names.h"
#include "core/error.h"
#include "datasets/box_folders.h"
#include "datasets/folder_listing.h"
#include "datasets/readers.h"
#include "datasets/sensors.h"
#include "raster/raster_reader.h"
#include "raster/vector_objects.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLayout =
    "expected images/NAME.tif and labels/NAME.txt (DOTA), .xml (PASCAL VOC), .geojson, .gpkg, .shp or .fgb (areas on "
    "the "
    "ground), also with train, val and test below both; or one objects.gpkg (.geojson, .fgb, .shp) of all images. "
    "label-classes.json names the classes";

const std::set<std::string> kVectors = {".geojson", ".gpkg", ".fgb", ".shp"};

/// By what lies in the folder of labels; one kind alone.
BoxFormat format_of(const fs::path& labels) {
  if (!files_in(labels, {".txt"}).empty()) return BoxFormat::kDota;
  if (!files_in(labels, {".xml"}).empty()) return BoxFormat::kVoc;
  return BoxFormat::kVectors;
}

/// Notes where the objects of one file for all images lie on none of them: in another reference system, as a rule.
void check_place(DatasetListing& listing, const fs::path& all) {
  std::string systems;
  for (const SampleRecord& sample : listing.samples) {
    for (const auto& images : sample.images) {
      if (images.empty()) continue;
      try {
        const RasterReader image(images.front().paths.front());
        const Georeference place = image.georeference();
        const TargetGrid grid{place.wkt, place.transform, image.width(), image.height()};
        if (!read_vector_objects(all.string(), grid, {.only_here = true}).empty()) return;
        if (systems.empty())
          systems = fmt::format("{}, the images' {}", vector_crs_name(all.string()),
                                place.wkt.empty() ? "none" : crs_name(place.wkt));
      } catch (const DataError&) {
        return;  // is said where the sample is read
      }
    }
  }
  if (systems.empty()) return;
  listing.description.problems.push_back(fmt::format(
      "{}: none of its objects lies on any image: its coordinate reference system is {}", all.string(), systems));
}

void add_folder(DatasetListing& listing, const fs::path& root, const std::string& split,
                const DatasetOptions& options) {
  const fs::path images = root / "images" / split;
  const std::string prefix = split.empty() ? "" : split + "/";
  if (const auto all = file_named(root, "objects", kVectors)) {
    if (!fs::is_directory(images)) return;
    for (const std::string& file : files_in(images, kPictures)) {
      add_box_sample(listing, prefix + fs::path(file).stem().string(), split, images / file,
                     BoxFile{.path = all->string(), .format = BoxFormat::kVectorsOfAll}, options);
    }
    return;
  }
  const auto labels = first_folder({root / "labels" / split, root / "labelTxt" / split, root / "annotations" / split});
  add_box_folder(listing, {images, labels, split, prefix, labels ? format_of(*labels) : BoxFormat::kDota}, options);
}

}  // namespace

DatasetListing list_image_boxes(const fs::path& root, const DatasetOptions& options) {
  DatasetListing listing;
  listing.description = {.name = "image-boxes",
                         .classes = {},
                         .colours = {},
                         .sensors = built_in(options.sensor),
                         .split_rule = "folders train, val and test"};
  set_object_reading(listing, options, true);
  std::vector<std::string> classes = read_class_names(root / kLabelClassesFile);
  if (classes.empty()) {
    if (!options.attribute.empty())
      throw DataError(fmt::format("{}: missing or empty; {}", (root / kLabelClassesFile).string(), kLayout));
    classes = {"object"};
  }
  set_classes(listing, classes);
  listing.coding.attribute = options.attribute;
  require_folder(root, {"images"}, kLayout);
  for (const char* split : kSplits) add_folder(listing, root, split, options);
  if (listing.samples.empty()) {
    add_folder(listing, root, "", options);
    if (!split_by_lists(listing, root, "{}.txt"))
      split_by_share(listing, options.train_share > 0 ? options.train_share : 0.8, options.seed);
  }
  if (const auto all = file_named(root, "objects", kVectors)) check_place(listing, *all);
  finish_box_listing(listing, root, kLayout);
  return listing;
}

}  // namespace skysense
