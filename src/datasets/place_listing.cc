#include "datasets/place_listing.h"

#include <fmt/format.h>

#include "core/error.h"
#include "core/files.h"
#include "core/place_index.h"
#include "core/sensor_contract.h"
#include "datasets/box_folders.h"
#include "datasets/folder_listing.h"
#include "datasets/stored_places.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

/// The labels' images and masks; false where the place has none for the task.
bool add_images(PlaceTask task, const PlaceLabels& labels, const fs::path& folder, SampleRecord& sample) {
  const auto path = [&](const std::string& file) { return resolve_place_path(folder.string(), file); };
  if (task == PlaceTask::kMonths) {
    for (const PlaceLabels::Month& month : labels.months) {
      sample.images[Modality::kMs].push_back({.paths = {path(month.ms)},
                                              .bands = {},
                                              .date = month.date,
                                              .series_number = {},
                                              .validity = month.clear.empty() ? std::string() : path(month.clear)});
      sample.masks.push_back({path(month.cover), LabelFormat::kRaster, month.date});
    }
    return !labels.months.empty();
  }
  for (const PlaceLabels::Flight& flight : labels.flights) {
    sample.images[Modality::kHr].push_back({.paths = {path(flight.hr)}, .bands = {}, .date = flight.date});
    if (task == PlaceTask::kSemanticChange)
      sample.masks.push_back({path(flight.hr_cover), LabelFormat::kRaster, flight.date});
  }
  if (task == PlaceTask::kChange && !labels.change.empty()) sample.masks.push_back({path(labels.change)});
  return !labels.flights.empty();
}

}  // namespace

DatasetListing list_dated_places(PlaceTask task, const fs::path& folder, const DatasetOptions& options) {
  DatasetListing listing;
  listing.description = describe_place_task(task);
  const Modality modality = task == PlaceTask::kMonths ? Modality::kMs : Modality::kHr;
  const std::vector<PlacesPart> parts = parts_of_places(folder);
  for (const PlacesPart& part : parts) {
    const fs::path contract = part.folder / "contract.json";
    listing.description.sensors[modality] = parse_contracts(read_text_file(contract), contract.string())[modality];
    for (const auto& [id, labels] : read_place_labels(part.folder)) {
      SampleRecord sample{.entry = {id, part.split, ""}, .images = {}};
      if (add_images(task, labels, part.folder, sample)) listing.samples.push_back(std::move(sample));
    }
  }
  for (size_t k = 0; k < listing.description.classes.size(); ++k)
    listing.coding.values[static_cast<int64_t>(k)] = static_cast<int64_t>(k);
  listing.description.split_rule = "folders: the places of val and test lie below those for training";
  if (parts.size() == 1 || options.train_share > 0)
    split_by_share(listing, options.train_share > 0 ? options.train_share : 0.8, options.seed);
  finish_listing(
      listing, folder,
      fmt::format("expected labels.jsonl with '{}', as 'skysense synth --labels {}' writes it",
                  task == PlaceTask::kMonths ? "months" : "change", task == PlaceTask::kMonths ? "months" : "changes"));
  if (!listing.description.sensors[modality]) {
    throw DataError(
        fmt::format("{}: names no {} sensor", (folder / "contract.json").string(), modality_name(modality)));
  }
  return listing;
}

DatasetListing list_object_places(const fs::path& folder, const DatasetOptions& options) {
  DatasetListing listing;
  listing.description = describe_place_task(PlaceTask::kObjects);
  set_object_reading(listing, options, true);
  set_classes(listing, listing.description.classes);
  const std::vector<PlacesPart> parts = parts_of_places(folder);
  for (const PlacesPart& part : parts) {
    const fs::path contract = part.folder / "contract.json";
    listing.description.sensors = parse_contracts(read_text_file(contract), contract.string());
    for (const PlaceRecord& place : read_place_index(part.folder / "index.jsonl")) {
      const fs::path labels = part.folder / "annotations" / "voc" / (place.id + ".xml");
      if (place.images[Modality::kHr].empty() || !fs::exists(labels)) continue;
      SampleRecord sample{.entry = {place.id, part.split, ""}, .images = {}};
      const auto path = [&](const std::string& file) {
        return file.empty() ? file : resolve_place_path(part.folder.string(), file);
      };
      for (const Modality modality : kModalities) {
        for (const PlaceImage& image : place.images[modality]) {
          ImageFile file{.paths = {}, .bands = image.bands, .date = image.date, .validity = path(image.validity)};
          for (const std::string& band : image.paths) file.paths.push_back(path(band));
          sample.images[modality].push_back(std::move(file));
        }
      }
      sample.boxes = BoxFile{.path = labels.string(), .format = BoxFormat::kVoc};
      listing.samples.push_back(std::move(sample));
    }
  }
  listing.description.split_rule = "folders: the places of val and test lie below those for training";
  if (parts.size() == 1 || options.train_share > 0)
    split_by_share(listing, options.train_share > 0 ? options.train_share : 0.8, options.seed);
  finish_box_listing(listing, folder, "expected annotations/voc/ID.xml, as 'skysense synth --labels boxes' writes it");
  return listing;
}

}  // namespace skysense
