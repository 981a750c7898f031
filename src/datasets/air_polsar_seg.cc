#include <fmt/format.h>

#include <regex>

#include "core/error.h"
#include "datasets/folder_listing.h"
#include "datasets/readers.h"
#include "datasets/sensors.h"
#include "ingest/band_names.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

constexpr const char* kLayout =
    "expected AIR-PolSAR-Seg: below folders whose names begin with train and test, four single-band images a place "
    "with HH, HV, VH and VV in their paths, and its label with label, gt or mask in place of these";

/// The path of a file without the word that tells HH, HV, VH, VV and label apart, and that word.
struct Part {
  std::string place, word;
};

std::optional<Part> part_of(const std::string& path) {
  static const std::regex words("(^|[^a-z])(hh|hv|vh|vv|labels?|gt|masks?)($|[^a-z])");
  const std::string stem = fs::path(path).replace_extension().string(), lower = lower_case(stem);
  std::smatch match;
  if (!std::regex_search(lower, match, words)) return std::nullopt;
  std::string word = match[2].str();
  const auto position = static_cast<size_t>(match.position(2));
  const std::string place = stem.substr(0, position) + "*" + stem.substr(position + word.size());
  if (word.size() > 2 || word == "gt") word = "label";
  return Part{place, word};
}

}  // namespace

DatasetListing list_air_polsar_seg(const fs::path& root, const DatasetOptions& options) {
  DatasetListing listing;
  listing.description = {
      .name = "air-polsar-seg",
      .label = LabelKind::kMask,
      .classes = {"housing", "industrial", "natural", "land use", "water", "other"},
      .colours = {{255, 255, 0}, {0, 0, 255}, {0, 255, 0}, {255, 0, 0}, {0, 255, 255}, {255, 255, 255}},
      .sensors = {},
      .split_rule = "folders that begin with train and test"};
  listing.description.sensors[Modality::kSar] = gaofen3();
  for (size_t k = 0; k < listing.description.colours.size(); ++k)
    listing.coding.colours[listing.description.colours[k]] = static_cast<int64_t>(k);
  for (const std::string& folder : subfolders_of(root)) {
    std::string split;
    for (const char* one : kSplits) {
      if (lower_case(folder).starts_with(one)) split = one;
    }
    if (split.empty()) continue;
    std::map<std::string, std::map<std::string, std::string>> places;
    for (fs::recursive_directory_iterator it(root / folder), end; it != end; ++it) {
      const std::string suffix = lower_case(it->path().extension().string());
      const auto part = part_of(fs::relative(it->path(), root).string());
      if (!it->is_directory() && kPictures.contains(suffix) && part)
        places[part->place][part->word] = it->path().string();
    }
    for (const auto& [place, files] : places) {
      SampleRecord sample{.entry = {place, split, ""}, .images = {}};
      ImageFile image;
      for (const Band& band : listing.description.sensors[Modality::kSar]->bands) {
        const auto found = files.find(lower_case(band.name));
        if (found == files.end())
          throw DataError(fmt::format("{}: {}: no {} image; {}", root.string(), place, band.name, kLayout));
        image.paths.push_back(found->second);
      }
      sample.images[Modality::kSar] = {std::move(image)};
      if (const auto label = files.find("label"); label != files.end()) sample.masks = {{label->second}};
      listing.samples.push_back(std::move(sample));
    }
  }
  finish_listing(listing, root, kLayout);
  return listing;
}

}  // namespace skysense
