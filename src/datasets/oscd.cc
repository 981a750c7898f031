#include <fmt/format.h>

#include "core/dataset_documents.h"
#include "core/error.h"
#include "core/files.h"
#include "datasets/folder_listing.h"
#include "datasets/readers.h"
#include "datasets/sensors.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

const std::string kPrefix = "Onera Satellite Change Detection dataset - ";
constexpr const char* kLayout =
    "expected OSCD: 'Onera Satellite Change Detection dataset - Images/CITY/imgs_1_rect/…B02.tif', imgs_2_rect, "
    "dates.txt, and '… - Train Labels/CITY/cm/cm.png', '… - Test Labels/…'";

/// The file of a band: its name ends in the band's ("S2A_…_B02.tif", or "B02.tif").
std::string band_file(const fs::path& folder, const std::string& band) {
  const std::string ending = band + ".tif";
  for (const std::string& file : files_in(folder, {".tif"})) {
    if (file.ends_with(ending)) return (folder / file).string();
  }
  throw DataError(fmt::format("{}: no file of band {}; {}", folder.string(), band, kLayout));
}

/// "date_1: 20160809".
std::optional<Date> read_date(const fs::path& file, size_t line) {
  const auto lines = parse_name_list(read_text_file(file));
  const auto date = line < lines.size() ? find_date(lines[line]) : std::nullopt;
  if (!date) throw DataError(fmt::format("{}: line {} holds no date", file.string(), line + 1));
  return date;
}

}  // namespace

DatasetListing list_oscd(const fs::path& root, const DatasetOptions&) {
  const fs::path images = require_folder(root, {kPrefix + "Images"}, kLayout);
  DatasetListing listing;
  DatasetDescription& description = listing.description;
  description = {.name = "oscd",
                 .label = LabelKind::kChangeMask,
                 .classes = {"unchanged", "changed"},
                 .colours = {{0, 0, 0}, {255, 255, 255}},
                 .sensors = built_in("sentinel2-l1c"),
                 .split_rule = "the folders of train and test labels"};
  listing.coding.values = {{0, 0}, {255, 1}};
  for (const auto& [split, part] : {std::pair("train", "Train Labels"), std::pair("test", "Test Labels")}) {
    const fs::path labels = root / (kPrefix + part);
    for (const std::string& city : subfolders_of(labels)) {
      SampleRecord sample{.entry = {city, split, ""}, .images = {}};
      for (size_t i = 0; i < 2; ++i) {
        ImageFile image;
        for (const Band& band : description.sensors[Modality::kMs]->bands)
          image.paths.push_back(band_file(images / city / fmt::format("imgs_{}_rect", i + 1), band.name));
        image.date = read_date(images / city / "dates.txt", i);
        sample.images[Modality::kMs].push_back(std::move(image));
      }
      sample.masks = {{(labels / city / "cm" / "cm.png").string()}};
      listing.samples.push_back(std::move(sample));
    }
  }
  finish_listing(listing, root, kLayout);
  return listing;
}

}  // namespace skysense
