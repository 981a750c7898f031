#include <fmt/format.h>

#include <regex>
#include <sstream>

#include "core/dataset_documents.h"
#include "core/error.h"
#include "core/files.h"
#include "datasets/folder_listing.h"
#include "datasets/readers.h"
#include "datasets/sensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLayout =
    "expected DynamicEarthNet: lists train.txt, val.txt, test.txt (in dynnet_training_splits or beside the data) with "
    "lines 'PLANET_FOLDER LABEL_FILE YYYY-MM', paths from the root; PLANET_FOLDER holds YYYY-MM-DD.tif";

/// A line of the lists.
struct Month {
  std::string planet, label, month, cube;
};

/// The number of a cube, "1417_3281_13", which stands in every path of it.
std::string cube_of(const std::string& path) {
  static const std::regex number("[0-9]{3,5}_[0-9]{3,5}_[0-9]{2}");
  std::smatch match;
  return std::regex_search(path, match, number) ? match.str() : "";
}

Month read_line(const std::string& line, const std::string& origin) {
  std::istringstream words(line);
  Month month;
  words >> month.planet >> month.label >> month.month;
  if (!parse_date(month.month + "-01") || month.planet.empty() || month.label.empty())
    throw DataError(fmt::format("{}: '{}': expected PLANET_FOLDER LABEL_FILE YYYY-MM", origin, line));
  for (std::string* path : {&month.planet, &month.label}) path->erase(0, path->find_first_not_of('/'));
  month.cube = cube_of(month.planet);
  if (month.cube.empty()) throw DataError(fmt::format("{}: '{}': no number of a cube in the path", origin, line));
  return month;
}

/// The monthly files of Sentinel-1 or -2 below a folder, by cube and month ("2018-01").
std::map<std::pair<std::string, std::string>, std::string> monthly_files(const fs::path& folder) {
  static const std::regex month("(20[0-9]{2})[-_]([01][0-9])");
  std::map<std::pair<std::string, std::string>, std::string> files;
  std::error_code error;
  for (fs::recursive_directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string(), cube = cube_of(it->path().string());
    std::smatch match;
    if (it->is_directory() || cube.empty() || it->path().extension() != ".tif" ||
        !std::regex_search(name, match, month))
      continue;
    files[{cube, match[1].str() + "-" + match[2].str()}] = it->path().string();
  }
  return files;
}

class Lister {
 public:
  Lister(const fs::path& root, const DatasetOptions& options) : root_(root), options_(options) {
    sentinel_[Modality::kMs] = monthly_files(root / "sentinel2");
    sentinel_[Modality::kSar] = monthly_files(root / "sentinel1");
    if (!sentinel_[Modality::kMs].empty()) sensors_ = built_in("sentinel2-l2a");
    if (!sentinel_[Modality::kSar].empty()) sensors_[Modality::kSar] = builtin_contract("sentinel1-grd-db");
    sensors_[Modality::kHr] = planet_fusion();
  }

  const SensorContracts& sensors() const { return sensors_; }

  /// The images and the label of a month behind those that the sample has.
  void add_month(const Month& month, SampleRecord& sample) const {
    constexpr const char* kPlanetBands = "blue=1,green=2,red=3,nir=4";
    for (const std::string& file : planet_files(month))
      sample.images[Modality::kHr].push_back({{file}, kPlanetBands, find_date(fs::path(file).stem().string())});
    const auto day = parse_date(month.month + "-01");
    for (const Modality modality : {Modality::kMs, Modality::kSar}) {
      const auto found = sentinel_[modality].find({month.cube, month.month});
      if (found == sentinel_[modality].end()) continue;  // some months are missing: normal in this data set
      const std::string bands = modality == Modality::kSar ? options_.bands : "";
      sample.images[modality].push_back({{found->second}, bands, day});
    }
    sample.masks.push_back({(root_ / month.label).string(), LabelFormat::kOneHot, day});
  }

 private:
  std::vector<std::string> planet_files(const Month& month) const {
    std::vector<std::string> files;
    const fs::path folder = root_ / month.planet;
    if (options_.dates == "daily") {
      for (const std::string& file : files_in(folder, {".tif"})) {
        if (file.starts_with(month.month)) files.push_back((folder / file).string());
      }
      return files;
    }
    const std::vector<const char*> days = options_.dates == "weekly"
                                              ? std::vector<const char*>{"01", "05", "10", "15", "20", "25"}
                                              : std::vector<const char*>{"01"};
    for (const char* day : days) files.push_back((folder / fmt::format("{}-{}.tif", month.month, day)).string());
    return files;
  }

  const fs::path root_;
  const DatasetOptions& options_;
  PerModality<std::map<std::pair<std::string, std::string>, std::string>> sentinel_;
  SensorContracts sensors_;
};

}  // namespace

DatasetListing list_dynamic_earthnet(const fs::path& root, const DatasetOptions& options) {
  const fs::path lists = first_folder({root / "dynnet_training_splits"}).value_or(root);
  const Lister lister(root, options);
  DatasetListing listing;
  listing.description = {
      .name = "dynamic-earthnet",
      .label = options.series ? LabelKind::kMaskSeries : LabelKind::kMask,
      .classes = {"impervious surface", "agriculture", "forest and other vegetation", "wetlands", "soil", "water"},
      .colours = {{96, 96, 96}, {204, 204, 0}, {0, 204, 0}, {0, 0, 153}, {153, 76, 0}, {0, 128, 255}},
      .sensors = lister.sensors(),
      .split_rule = "lists train.txt, val.txt, test.txt; snow and ice are ignored, as by the data set's evaluation"};
  for (int64_t band = 0; band < 6; ++band) listing.coding.values[band] = band;
  listing.coding.values[6] = -1;  // snow and ice
  for (const char* split : kSplits) {
    const fs::path file = lists / fmt::format("{}.txt", split);
    if (!fs::exists(file)) continue;
    std::map<std::string, std::vector<Month>> cubes;
    for (const std::string& line : parse_name_list(read_text_file(file))) {
      Month month = read_line(line, file.string());
      cubes[month.cube].push_back(std::move(month));
    }
    for (auto& [cube, months] : cubes) {
      std::sort(months.begin(), months.end(), [](const Month& a, const Month& b) { return a.month < b.month; });
      if (options.series) listing.samples.push_back({.entry = {cube, split, cube}, .images = {}});
      for (const Month& month : months) {
        if (!options.series)
          listing.samples.push_back({.entry = {fmt::format("{}/{}", cube, month.month), split, cube}, .images = {}});
        lister.add_month(month, listing.samples.back());
      }
    }
  }
  finish_listing(listing, root, kLayout);
  return listing;
}

}  // namespace skysense
