#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <map>

#include "core/csv.h"
#include "core/error.h"
#include "core/files.h"
#include "datasets/folder_listing.h"
#include "datasets/readers.h"
#include "datasets/sensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLayout =
    "expected fMoW-Sentinel: train.csv, val.csv, test_gt.csv and "
    "fmow-sentinel/SPLIT/CATEGORY/CATEGORY_LOCATION/CATEGORY_LOCATION_IMAGE.tif";

/// The files hold the 13 bands of L1C in the order of wavelength (B8 before B8A).
constexpr const char* kBands = "B02=2,B03=3,B04=4,B05=5,B06=6,B07=7,B08=8,B8A=9,B11=12,B12=13";

struct Split {
  const char *name, *table, *folder;
};
constexpr std::array<Split, 3> kTables = {
    {{"train", "train.csv", "train"}, {"val", "val.csv", "val"}, {"test", "test_gt.csv", "test_gt"}}};

/// One sample a location: its images are the rows of the table with its category and location. Returns the category of
/// each.
std::map<std::string, std::string> add_split(DatasetListing& listing, const fs::path& root, const fs::path& images,
                                             const Split& split) {
  const CsvTable table = parse_csv(read_text_file(root / split.table), (root / split.table).string());
  const size_t category = table.column("category"), location = table.column("location_id"),
               image = table.column("image_id"), time = table.column("timestamp");
  std::map<std::string, std::vector<ImageFile>> series;
  std::map<std::string, std::string> categories;
  const fs::path folder = fs::is_directory(images / split.folder) ? images / split.folder : images / split.name;
  for (size_t row = 0; row < table.rows.size(); ++row) {
    const std::string& name = table.rows[row][category];
    const std::string place = fmt::format("{}_{}", name, csv_number(table, row, location));
    const auto date = parse_date(table.rows[row][time]);
    if (!date) {
      throw DataError(
          fmt::format("{}: row {}: timestamp '{}' is no date", table.origin, row + 1, table.rows[row][time]));
    }
    const fs::path file = folder / name / place / fmt::format("{}_{}.tif", place, csv_number(table, row, image));
    ImageFile one;
    one.paths = {file.string()};
    one.bands = kBands;
    one.date = date;
    series[place].push_back(std::move(one));
    categories[fmt::format("{}/{}", split.name, place)] = name;
  }
  for (auto& [place, files] : series) {
    std::stable_sort(files.begin(), files.end(),
                     [](const ImageFile& a, const ImageFile& b) { return a.date < b.date; });
    SampleRecord sample{.entry = {fmt::format("{}/{}", split.name, place), split.name, ""}, .images = {}};
    sample.images[Modality::kMs] = std::move(files);
    listing.samples.push_back(std::move(sample));
  }
  return categories;
}

}  // namespace

DatasetListing list_fmow_sentinel2(const fs::path& root, const DatasetOptions&) {
  const fs::path images = require_folder(root, {"fmow-sentinel", "."}, kLayout);
  DatasetListing listing;
  listing.description = {.name = "fmow-s2",
                         .label = LabelKind::kClass,
                         .classes = {},
                         .colours = {},
                         .sensors = built_in("sentinel2-l1c"),
                         .split_rule = "train.csv, val.csv, test_gt.csv"};
  std::map<std::string, std::string> categories;
  for (const Split& split : kTables) {
    if (fs::exists(root / split.table)) categories.merge(add_split(listing, root, images, split));
  }
  std::map<std::string, int64_t> numbers;
  for (const auto& [sample, category] : categories) numbers[category] = 0;
  for (auto& [category, number] : numbers) {
    number = static_cast<int64_t>(listing.description.classes.size());
    listing.description.classes.push_back(category);
  }
  for (SampleRecord& sample : listing.samples) sample.classes = {numbers.at(categories.at(sample.entry.name))};
  finish_listing(listing, root, kLayout);
  return listing;
}

}  // namespace skysense
