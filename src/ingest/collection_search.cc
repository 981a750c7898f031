#include "ingest/collection_search.h"

#include <fmt/format.h>

#include <optional>
#include <set>

#include "core/error.h"
#include "core/progress.h"
#include "ingest/array_series.h"
#include "ingest/image_sensor.h"
#include "ingest/place_lists.h"
#include "ingest/rslearn_windows.h"
#include "ingest/safe_product.h"
#include "ingest/stac_catalog.h"
#include "raster/raster_reader.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

/// Checks an image whose layout names its sensor, and keeps it or reports why not.
void take_image(ImageCandidate image, const SearchOptions& options, Findings& findings) {
  std::string reason;
  try {
    if (image.kind == ImageCandidate::Kind::kImage && !move_to_asked(image, options.sensors)) {
      reason = fmt::format("is {}, which is none of the sensors asked for", image.sensor);
    } else if (image.kind == ImageCandidate::Kind::kLabel) {
      image.grid = RasterReader(image.paths.front()).grid();
      image.lonlat = lonlat_box(image.grid);
    } else {
      reason = check_image(image).value_or("");
    }
  } catch (const DataError& error) {
    reason = error.what();
  }
  if (reason.empty()) {
    findings.candidates.push_back(std::move(image));
  } else {
    findings.report.skipped.push_back({image.paths.front(), reason});
  }
}

/// The .SAFE products below the root; what lies in them is `taken`.
void search_products(const std::vector<fs::path>& files, const fs::path& root, const SearchOptions& options,
                     Findings& findings, std::set<fs::path>& taken) {
  for (const std::string& product : find_safe_products(files)) {
    for (const fs::path& file : files) {
      if (file.string().starts_with(product + "/")) taken.insert(file);
    }
    try {
      for (ImageCandidate& image : read_safe_product(product, root)) take_image(std::move(image), options, findings);
    } catch (const DataError& error) {
      findings.report.skipped.push_back({product, error.what()});
    }
  }
}

/// The image of a STAC item, or the reason why there is none; its files are `taken` either way.
void take_item(const StacItem& item, const fs::path& file, const SearchOptions& options, Findings& findings,
               std::set<fs::path>& taken) {
  for (const fs::path& asset : local_files(item, file)) taken.insert(asset);
  try {
    take_image(image_of_item(item, file, options.sensors), options, findings);
  } catch (const DataError& error) {
    findings.report.skipped.push_back({file.string(), fmt::format("STAC item {}: {}", item.id, error.what())});
  }
}

/// What a list names is not searched for again.
void take_list(const std::vector<PlaceRecord>& places, const fs::path& dataset, Findings& findings,
               std::set<fs::path>& taken) {
  findings.listed.insert(findings.listed.end(), places.begin(), places.end());
  for (const PlaceRecord& place : places) {
    for (const auto& images : place.images) {
      for (const PlaceImage& image : images) taken.insert(fs::weakly_canonical(dataset / image.paths.front()));
    }
    if (!place.label.empty()) taken.insert(fs::weakly_canonical(dataset / place.label));
  }
}

/// The windows of an rslearn dataset; everything in it is `taken`.
void take_windows(const fs::path& config, const std::vector<fs::path>& files, const SearchOptions& options,
                  Findings& findings, std::set<fs::path>& taken) {
  const std::string windows = (config.parent_path() / "windows").string() + "/";
  for (const fs::path& file : files) {
    if (file.string().starts_with(windows)) taken.insert(file);
  }
  taken.insert(config);
  read_rslearn_dataset(config, findings.report,
                       [&](ImageCandidate image) { take_image(std::move(image), options, findings); });
}

}  // namespace

void search_collection(const fs::path& input, const std::vector<std::string>& sensors, const std::string& bands,
                       const fs::path& dataset, Findings& findings) {
  const SearchOptions options{sensors, bands};
  const fs::path root = fs::weakly_canonical(input);
  const std::vector<fs::path> files = list_files(root);
  std::set<fs::path> taken;
  std::set<fs::path> documents;  // STAC files read
  search_products(files, root, options, findings, taken);
  for (const fs::path& file : files) {
    if (!is_rslearn_dataset(file)) continue;
    try {
      take_windows(file, files, options, findings, taken);
    } catch (const DataError& error) {
      findings.report.skipped.push_back({file.string(), error.what()});
    }
  }
  for (const fs::path& file : files) {
    if (taken.contains(file)) continue;
    try {
      if (file.extension() == ".json") {
        if (const auto places = read_place_list(file, dataset, findings.report)) {
          take_list(*places, dataset, findings, taken);
          continue;
        }
        walk_stac(file, documents, findings.report, [&](const StacItem& item, const fs::path& document) {
          take_item(item, document, options, findings, taken);
        });
        continue;
      }
      auto converted = convert_worldcereal(file, dataset / "converted", findings.report);
      if (!converted) converted = convert_treesat(file, dataset / "converted", findings.report);
      if (!converted) continue;
      taken.insert(converted->consumed.begin(), converted->consumed.end());
      for (ImageCandidate& image : converted->images) findings.candidates.push_back(std::move(image));
    } catch (const DataError& error) {
      findings.report.skipped.push_back({file.string(), error.what()});
      taken.insert(file);
    }
  }
  std::optional<Progress> progress;
  const auto show = [&](int64_t done, int64_t total) {
    if (!progress) progress.emplace(fmt::format("index {}", root.filename().string()), total, "images");
    progress->update(done);
  };
  auto found = find_images(
      root, options, [&](const fs::path& file) { return taken.contains(file); }, findings.report, show);
  std::move(found.begin(), found.end(), std::back_inserter(findings.candidates));
}

}  // namespace skysense
