#include <fmt/format.h>

#include <array>
#include <set>

#include "core/class_names.h"
#include "core/csv.h"
#include "core/dataset_documents.h"
#include "core/error.h"
#include "core/files.h"
#include "datasets/box_folders.h"
#include "datasets/folder_listing.h"
#include "datasets/readers.h"
#include "datasets/sensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kDiorLayout =
    "expected DIOR: JPEGImages-trainval and JPEGImages-test, Annotations/Horizontal Bounding Boxes and "
    "Annotations/Oriented Bounding Boxes, ImageSets/Main/train.txt, val.txt and test.txt (or Main/train.txt); "
    "horizontal ones also with torchgeo's sample_df.csv";
constexpr const char* kVocLayout =
    "expected JPEGImages/NAME.jpg, Annotations/NAME.xml and ImageSets/Main/train.txt, val.txt and test.txt; "
    "label-classes.json may name and order the classes";

constexpr std::array<const char*, 20> kDiorClasses = {"airplane",
                                                      "airport",
                                                      "baseballfield",
                                                      "basketballcourt",
                                                      "bridge",
                                                      "chimney",
                                                      "dam",
                                                      "expresswayservicearea",
                                                      "expresswaytollstation",
                                                      "golffield",
                                                      "groundtrackfield",
                                                      "harbor",
                                                      "overpass",
                                                      "ship",
                                                      "stadium",
                                                      "storagetank",
                                                      "tenniscourt",
                                                      "trainstation",
                                                      "vehicle",
                                                      "windmill"};

/// DIOR's files spell some classes in two ways: in capitals, or with hyphens.
constexpr std::array<std::pair<const char*, const char*>, 2> kDiorSpellings = {{
    {"Expressway-Service-area", "expresswayservicearea"},
    {"Expressway-toll-station", "expresswaytollstation"},
}};

/// Images by stem, in the first folder that has them.
fs::path image_of(const std::vector<fs::path>& folders, const std::string& stem) {
  for (const fs::path& folder : folders) {
    if (const auto file = file_named(folder, stem, kPictures)) return *file;
  }
  return folders.front() / (stem + ".jpg");
}

/// The samples that lists name, by stem.
bool add_lists(DatasetListing& listing, const fs::path& lists, const std::vector<fs::path>& images,
               const fs::path& labels, const DatasetOptions& options) {
  bool any = false;
  for (const std::string split : kSplits) {
    const fs::path list = lists / (split + ".txt");
    if (!fs::exists(list)) continue;
    any = true;
    for (const std::string& line : parse_name_list(read_text_file(list))) {
      const std::string stem = line.substr(0, line.find_first_of(" \t"));  // VOC's lists of a class go on with 1 or -1
      add_box_sample(listing, split + "/" + stem, split, image_of(images, stem),
                     BoxFile{.path = (labels / (stem + ".xml")).string(), .format = BoxFormat::kVoc}, options);
    }
  }
  if (any) listing.description.split_rule = "lists in " + lists.filename().string();
  return any;
}

/// The images of a folder, whose stems come back. Labels for testing came later than the images: there, what has none
/// is unlabelled.
std::set<std::string> add_unlisted(DatasetListing& listing, const fs::path& images, const fs::path& labels,
                                   const std::string& split, const DatasetOptions& options) {
  std::set<std::string> stems;
  if (!fs::is_directory(images)) return stems;
  for (const std::string& file : files_in(images, kPictures)) {
    const std::string stem = fs::path(file).stem().string();
    stems.insert(stem);
    const fs::path label = labels / (stem + ".xml");
    std::optional<BoxFile> boxes;
    if (split != "test" || fs::exists(label)) boxes = BoxFile{.path = label.string(), .format = BoxFormat::kVoc};
    add_box_sample(listing, split + "/" + stem, split, images / file, boxes, options);
  }
  return stems;
}

void add_table(DatasetListing& listing, const fs::path& root, const DatasetOptions& options) {
  const fs::path file = root / "sample_df.csv";
  const CsvTable table = parse_csv(read_text_file(file), file.string());
  const size_t image = table.column("image_path"), label = table.column("label_path"), split = table.column("split");
  for (const auto& row : table.rows) {
    std::optional<BoxFile> boxes;
    if (!row[label].empty()) boxes = BoxFile{.path = (root / row[label]).string(), .format = BoxFormat::kVoc};
    add_box_sample(listing, row[split] + "/" + fs::path(row[image]).stem().string(), row[split], root / row[image],
                   boxes, options);
  }
  listing.description.split_rule = "sample_df.csv";
}

/// The names of the classes in all files of a folder, in order; what cannot be read is refused when its image is.
std::vector<std::string> names_in(const fs::path& labels) {
  std::set<std::string> names;
  for (const std::string& file : files_in(labels, {".xml"})) {
    try {
      for (const NamedObject& object : parse_voc(read_text_file(labels / file), file).objects)
        names.insert(object.name);
    } catch (const DataError&) {
    }
  }
  return {names.begin(), names.end()};
}

}  // namespace

DatasetListing list_dior(const fs::path& root, const DatasetOptions& options, bool oriented) {
  DatasetListing listing;
  listing.description = {.name = oriented ? "dior-r" : "dior",
                         .classes = {},
                         .colours = {},
                         .sensors = rgb_pictures(0.5),
                         .split_rule = "folders trainval and test"};
  set_object_reading(listing, options, oriented);
  set_classes(listing, {kDiorClasses.begin(), kDiorClasses.end()});
  for (const auto& [spelling, name] : kDiorSpellings) listing.coding.names[spelling] = listing.coding.names.at(name);
  if (!oriented && fs::exists(root / "sample_df.csv")) {
    add_table(listing, root, options);
  } else {
    const fs::path annotations = root / "Annotations";
    const fs::path labels =
        first_folder({annotations / (oriented ? "Oriented Bounding Boxes" : "Horizontal Bounding Boxes"),
                      annotations / (oriented ? "obb" : "hbb")})
            .value_or(annotations);
    const std::vector<fs::path> images = {root / "JPEGImages-trainval", root / "JPEGImages-test", root / "JPEGImages"};
    const auto lists = first_folder({root / "ImageSets" / "Main", root / "Main", root / "ImageSets"});
    if (!lists || !add_lists(listing, *lists, images, labels, options)) {
      std::set<std::string> stems = add_unlisted(listing, images[0], labels, "train", options);
      stems.merge(add_unlisted(listing, images[1], labels, "test", options));
      note_stray_labels(listing, labels, BoxFormat::kVoc, stems,
                        fmt::format("{} or {}", images[0].string(), images[1].filename().string()));
    }
  }
  finish_box_listing(listing, root, kDiorLayout);
  return listing;
}

DatasetListing list_voc(const fs::path& root, const DatasetOptions& options) {
  DatasetListing listing;
  listing.description = {
      .name = "voc", .classes = {}, .colours = {}, .sensors = built_in(options.sensor), .split_rule = {}};
  set_object_reading(listing, options, false);
  const fs::path images = require_folder(root, {"JPEGImages", "images"}, kVocLayout),
                 labels = require_folder(root, {"Annotations", "annotations", "labels"}, kVocLayout);
  std::vector<std::string> classes = read_class_names(root / kLabelClassesFile);
  set_classes(listing, classes.empty() ? names_in(labels) : classes);
  if (!add_lists(listing, root / "ImageSets" / "Main", {images}, labels, options)) {
    add_box_folder(listing, {images, labels, "", "", BoxFormat::kVoc}, options);
    if (!split_by_lists(listing, root, "{}.txt"))
      split_by_share(listing, options.train_share > 0 ? options.train_share : 0.8, options.seed);
  }
  finish_box_listing(listing, root, kVocLayout);
  return listing;
}

}  // namespace skysense
