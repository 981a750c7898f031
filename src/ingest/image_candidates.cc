#include "ingest/image_candidates.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <regex>
#include <set>

#include "core/error.h"
#include "ingest/band_names.h"
#include "ingest/contract_check.h"
#include "ingest/contract_reader.h"
#include "ingest/sensor_recognition.h"
#include "raster/coordinate_transform.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

std::string suffix_of(const fs::path& file) {
  std::string suffix = file.extension().string();
  std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                 [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return suffix;
}

bool is_raster_file(const fs::path& file) {
  static const std::set<std::string> suffixes = {".tif", ".tiff", ".jp2", ".png", ".jpg", ".jpeg", ".vrt", ".img"};
  return suffixes.contains(suffix_of(file));
}

/// Files of one image: one, or one a band by canonical band name.
struct FileGroup {
  fs::path first;
  std::string name;
  std::map<std::string, fs::path> by_band;
};

/// Joins …_B02.tif, …_B03.tif of one folder; a lone …_VV.tif is still a group, whose missing band is named later.
std::vector<FileGroup> group_files(const std::vector<fs::path>& files) {
  static const std::regex band_file("(.*)[_-](B[0-9]{1,2}|B8A|VV|VH)", std::regex::icase);
  std::vector<FileGroup> groups;
  std::map<std::string, size_t> by_key;
  for (const fs::path& file : files) {
    const std::string stem = file.stem().string();
    std::smatch match;
    if (!std::regex_match(stem, match, band_file)) {
      groups.push_back({file, stem, {}});
      continue;
    }
    const std::string key = (file.parent_path() / match[1].str()).string();
    const auto [found, added] = by_key.emplace(key, groups.size());
    if (added) groups.push_back({file, match[1].str(), {}});
    groups[found->second].by_band[canonical_band(match[2].str())] = file;
  }
  return groups;
}

RasterFacts facts_of(const FileGroup& group, const RasterReader& reader) {
  RasterFacts facts;
  facts.path = group.first.parent_path() / (group.name + group.first.extension().string());
  facts.type = reader.bands().front().type;
  facts.bands = static_cast<int64_t>(reader.bands().size());
  for (const RasterBand& band : reader.bands()) {
    facts.band_names.push_back(band.name);
    if (!band.colour.empty()) facts.colours.push_back(band.colour);
  }
  if (!group.by_band.empty()) {
    facts.band_names.clear();
    for (const auto& [band, file] : group.by_band) facts.band_names.push_back(band);
  }
  return facts;
}

std::vector<std::string> paths_of(const FileGroup& group, const SensorContract& contract) {
  if (group.by_band.empty()) return {group.first.string()};
  std::vector<std::string> paths;
  for (const Band& band : contract.bands) {
    const auto found = group.by_band.find(canonical_band(band.name));
    if (found == group.by_band.end())
      throw DataError(fmt::format("{}: band {} has no file", group.first.string(), band.name));
    paths.push_back(found->second.string());
  }
  return paths;
}

std::optional<Date> date_of(const FileGroup& group, const RasterReader& reader) {
  if (const auto date = find_date(group.name)) return date;
  for (const char* key : {"datetime", "ACQUISITION_DATE", "ACQUISITIONDATETIME"}) {
    if (const auto date = parse_date(reader.metadata(key))) return date;
  }
  return find_date(group.first.parent_path().filename().string());
}

/// The candidate, or nothing and a reason.
std::optional<ImageCandidate> examine(const FileGroup& group, const fs::path& root, const SearchOptions& options,
                                      std::string& reason) {
  const RasterReader reader(group.first.string());
  const Recognition recognition = recognise(facts_of(group, reader), options.sensors);
  ImageCandidate candidate;
  candidate.root = root;
  candidate.name = group.name;
  candidate.date = date_of(group, reader);
  candidate.grid = reader.grid();
  candidate.paths = {group.first.string()};
  switch (recognition.kind) {
    case Recognition::Kind::kUnknown:
      reason = recognition.reason;
      return std::nullopt;
    case Recognition::Kind::kLabel:
      candidate.kind = ImageCandidate::Kind::kLabel;
      break;
    case Recognition::Kind::kValidity:
      candidate.kind = ImageCandidate::Kind::kValidity;
      break;
    case Recognition::Kind::kImage: {
      const SensorContract contract = builtin_contract(recognition.sensor);
      candidate.sensor = contract.name;
      candidate.paths = paths_of(group, contract);
      candidate.bands = candidate.paths.size() == 1 ? options.bands : "";
      if (const auto misfit = check_image(candidate)) {
        reason = *misfit;
        return std::nullopt;
      }
      break;
    }
  }
  candidate.lonlat = lonlat_box(candidate.grid);
  return candidate;
}

}  // namespace

SensorContract contract_of(const ImageCandidate& candidate) {
  SensorContract contract = builtin_contract(candidate.sensor);
  for (Band& band : contract.bands) band.offset += candidate.add * band.scale;
  return contract;
}

std::optional<std::string> check_image(ImageCandidate& candidate) {
  const SensorContract contract = contract_of(candidate);
  const ContractReader image(candidate.paths, contract, candidate.bands);
  candidate.grid = image.grid();
  candidate.lonlat = lonlat_box(candidate.grid);
  for (const ContractProblem& problem : image.examine().problems) {
    if (problem.fatal) return fmt::format("does not fit {}: {}", contract.name, problem.text());
  }
  return std::nullopt;
}

std::string index_path(const std::string& path, const fs::path& dataset) {
  return path.starts_with("/vsi") ? path : fs::path(path).lexically_proximate(dataset).string();
}

PlaceImage place_image(const ImageCandidate& candidate, const fs::path& dataset) {
  PlaceImage image;
  for (const std::string& path : candidate.paths) image.paths.push_back(index_path(path, dataset));
  image.date = candidate.date;
  image.bands = candidate.bands;
  image.add = candidate.add;
  if (!candidate.validity.empty()) image.validity = index_path(candidate.validity, dataset);
  return image;
}

std::optional<MapBox> lonlat_box(const TargetGrid& grid) {
  if (grid.wkt.empty()) return std::nullopt;
  static const std::string degrees = wkt_from_text("EPSG:4326");
  const MapBox box = bounds({grid.wkt, grid.transform}, grid.width, grid.height);
  std::array<double, 4> x = {box.min_x, box.max_x, box.min_x, box.max_x},
                        y = {box.min_y, box.min_y, box.max_y, box.max_y};
  const auto transform = CoordinateTransform::between(grid.wkt, degrees);
  if (!transform || !transform->apply(4, x.data(), y.data())) return std::nullopt;
  return MapBox{*std::min_element(x.begin(), x.end()), *std::min_element(y.begin(), y.end()),
                *std::max_element(x.begin(), x.end()), *std::max_element(y.begin(), y.end())};
}

std::vector<fs::path> list_files(const fs::path& root) {
  if (fs::is_regular_file(root)) return {root};
  if (!fs::is_directory(root)) throw DataError(root.string() + ": no such folder");
  std::vector<fs::path> files;
  for (auto entry = fs::recursive_directory_iterator(root, fs::directory_options::follow_directory_symlink);
       entry != fs::recursive_directory_iterator(); ++entry) {
    const bool hidden = entry->path().filename().string().starts_with(".");
    if (hidden && entry->is_directory()) entry.disable_recursion_pending();
    if (!hidden && entry->is_regular_file()) files.push_back(entry->path());
  }
  std::sort(files.begin(), files.end());
  return files;
}

std::vector<ImageCandidate> find_images(const fs::path& root, const SearchOptions& options,
                                        const std::function<bool(const fs::path&)>& taken, IndexReport& report,
                                        const std::function<void(int64_t, int64_t)>& progress) {
  std::vector<fs::path> rasters;
  for (const fs::path& file : list_files(root)) {
    if (taken(file)) continue;
    if (is_raster_file(file)) {
      rasters.push_back(file);
    } else if (suffix_of(file) == ".nc" || suffix_of(file) == ".h5" || suffix_of(file) == ".hdf5" ||
               suffix_of(file) == ".parquet") {
      report.skipped.push_back({file.string(), fmt::format("a {} file of no layout known here", suffix_of(file))});
    }
  }
  const std::vector<FileGroup> groups = group_files(rasters);
  std::vector<ImageCandidate> candidates;
  for (size_t i = 0; i < groups.size(); ++i) {
    std::string reason;
    try {
      if (auto candidate = examine(groups[i], root, options, reason)) {
        candidates.push_back(std::move(*candidate));
      } else {
        report.skipped.push_back({groups[i].first.string(), reason});
      }
    } catch (const DataError& error) {
      report.skipped.push_back({groups[i].first.string(), error.what()});
    }
    progress(static_cast<int64_t>(i) + 1, static_cast<int64_t>(groups.size()));
  }
  return candidates;
}

}  // namespace skysense
