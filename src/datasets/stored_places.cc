#include "datasets/stored_places.h"

#include <fmt/format.h>

#include <map>

#include "core/class_names.h"
#include "core/error.h"
#include "core/files.h"
#include "core/place_index.h"
#include "data/tensor_shards.h"
#include "datasets/covers_present.h"
#include "datasets/folder_listing.h"
#include "datasets/label_source.h"
#include "ingest/index_dataset.h"
#include "synth/labels.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

bool is_places(const fs::path& folder) { return TensorShards::is_one(folder) || fs::exists(folder / "index.jsonl"); }

std::unique_ptr<PlaceDataset> open_part(const fs::path& folder) {
  if (TensorShards::is_one(folder)) return std::make_unique<TensorShards>(folder);
  return std::make_unique<IndexDataset>(folder);
}

/// One place of a part.
struct StoredPlace {
  size_t part = 0;
  int64_t number = 0;              ///< within the part
  std::vector<std::string> files;  ///< of its images and label
  std::string label;               ///< a label raster beside the images; empty: the place's own label
};

void add_files(const PlaceRecord& record, const fs::path& folder, std::vector<std::string>& files) {
  const auto add = [&](const std::string& path) {
    if (!path.empty()) files.push_back(resolve_place_path(folder.string(), path));
  };
  for (const auto& images : record.images) {
    for (const PlaceImage& image : images) {
      for (const std::string& path : image.paths) add(path);
      add(image.validity);
    }
  }
  add(record.label);
}

class StoredPlaces : public PlaceSource {
 public:
  StoredPlaces(PlaceTask task, const fs::path& root, const DatasetOptions& options) : task_(task) {
    listing_.description = describe_place_task(task);
    const std::vector<PlacesPart> parts = parts_of_places(root);
    for (const PlacesPart& part : parts) add_part(part);
    name_classes(root);
    for (size_t k = 0; k < listing_.description.classes.size(); ++k)
      listing_.coding.values[static_cast<int64_t>(k)] = static_cast<int64_t>(k);
    if (task == PlaceTask::kCrops) listing_.coding.values[synth::kUnlabelled] = -1;
    if (listing_.samples.empty()) {
      throw DataError(fmt::format("{}: no place has the labels of {}; {}", root.string(), traits_of(task).reader,
                                  task == PlaceTask::kClass ? "expected 'class' in index.jsonl"
                                                            : "expected labels as 'skysense synth --labels' writes"));
    }
    listing_.description.split_rule = "folders: the places of val and test lie below those for training";
    if (parts.size() == 1 || options.train_share > 0)
      split_by_share(listing_, options.train_share > 0 ? options.train_share : 0.8, options.seed);
  }

  const DatasetDescription& description() const override { return listing_.description; }
  int64_t size() const override { return static_cast<int64_t>(places_.size()); }
  const SampleEntry& entry(int64_t number) const override {
    return listing_.samples.at(static_cast<size_t>(number)).entry;
  }
  std::vector<std::string> files(int64_t number) const override { return place(number).files; }

  PlaceSizes sizes(int64_t number) const override {
    const StoredPlace& stored = place(number);
    PlaceSizes sizes;
    const bool map = task_ == PlaceTask::kLandCover;
    const PlaceSample sample = parts_[stored.part]->get_part(
        stored.number, {.choose = choose_corner({{false, false, false}}, &sizes.images), .label = map});
    if (!stored.label.empty()) {
      OpenArrays arrays;
      sizes.extent = label_size({stored.label}, {}, arrays);
      return sizes;
    }
    if (map && sample.label.defined()) {
      sizes.extent = {sample.label.size(1), sample.label.size(0)};
      return sizes;
    }
    for (const Modality modality : kModalities) {
      if (!sizes.images[modality]) continue;
      sizes.extent = *sizes.images[modality];
      return sizes;
    }
    throw DataError(fmt::format("place {}: it has no image", entry(number).name));
  }

  LabelledSample read(int64_t number, const PerModality<bool>& modalities) const override {
    const StoredPlace& stored = place(number);
    LabelledSample sample;
    sample.entry = entry(number);
    PlaceSample images =
        parts_[stored.part]->get_part(stored.number, {.choose = choose_corner(modalities, nullptr), .label = true});
    for (const Modality modality : kModalities) {
      if (!images.images[modality] || !modalities[modality]) continue;
      images.images[modality]->part.reset();
      const auto dates = static_cast<size_t>(images.images[modality]->values.size(0));
      sample.images[modality] = DatedImages{.series = std::move(*images.images[modality]),
                                            .dates = std::vector<std::optional<Date>>(dates),
                                            .georeference = {}};
    }
    sample.label = label_of(stored, images, sample.entry.name);
    return sample;
  }

 private:
  const StoredPlace& place(int64_t number) const { return places_.at(static_cast<size_t>(number)); }

  /// Reads one corner pixel of the modalities that are not wanted: their images cannot be left out. Notes all sizes.
  static PartChooser choose_corner(const PerModality<bool>& wanted, PerModality<std::optional<RasterSize>>* sizes) {
    return [wanted, sizes](const PerModality<std::optional<RasterSize>>& found) {
      PerModality<std::optional<RasterPart>> parts;
      for (const Modality modality : kModalities) {
        if (!found[modality]) continue;
        if (sizes != nullptr) (*sizes)[modality] = found[modality];
        if (!wanted[modality]) parts[modality] = RasterPart{0, 0, 1, 1};
      }
      return parts;
    };
  }

  void add_part(const PlacesPart& part) {
    parts_.push_back(open_part(part.folder));
    const PlaceDataset& places = *parts_.back();
    for (const Modality modality : kModalities) {
      if (places.contracts()[modality]) listing_.description.sensors[modality] = places.contracts()[modality];
    }
    const bool beside = task_ == PlaceTask::kHrLandCover || task_ == PlaceTask::kCrops;
    std::map<std::string, PlaceLabels> labels;
    if (beside) labels = read_place_labels(part.folder);
    std::vector<PlaceRecord> records;
    if (!TensorShards::is_one(part.folder)) records = read_place_index(part.folder / "index.jsonl");
    for (int64_t number = 0; number < places.size(); ++number) {
      // Shards name their places inside their members only.
      SampleRecord record{
          .entry = {fmt::format("{}{:08}", part.split.empty() ? "" : part.split + "-", number), part.split, ""},
          .images = {}};
      StoredPlace stored{.part = parts_.size() - 1, .number = number, .files = {}, .label = {}};
      if (!records.empty()) {
        const PlaceRecord& place = records[static_cast<size_t>(number)];
        record.entry.name = place.id;
        add_files(place, part.folder, stored.files);
        if (task_ == PlaceTask::kClass) {
          if (!place.scene_class) continue;
          record.classes = {*place.scene_class};
        } else if (beside) {
          const auto found = labels.find(place.id);
          if (found == labels.end()) continue;
          const std::string& file = task_ == PlaceTask::kCrops ? found->second.crops : found->second.hr_cover;
          if (file.empty()) continue;
          stored.label = resolve_place_path(part.folder.string(), file);
          stored.files.push_back(stored.label);
        } else if (place.label.empty()) {
          continue;
        }
      }
      listing_.samples.push_back(std::move(record));
      places_.push_back(std::move(stored));
    }
  }

  void name_classes(const fs::path& root) {
    auto& classes = listing_.description.classes;
    std::vector<std::string> named;
    if (task_ == PlaceTask::kClass) {
      named = read_class_names(root / kClassesFile);
    } else if (task_ == PlaceTask::kLandCover || task_ == PlaceTask::kCovers) {
      named = parts_.front()->label_names();
    }
    if (named.empty() || named == classes) return;
    classes = named;
    listing_.description.colours.clear();
  }

  torch::Tensor label_of(const StoredPlace& stored, const PlaceSample& place, const std::string& name) const {
    const auto classes = static_cast<int64_t>(listing_.description.classes.size());
    if (task_ == PlaceTask::kClass) {
      if (!place.scene_class) return {};
      if (*place.scene_class < 0 || *place.scene_class >= classes)
        throw DataError(fmt::format("place {}: class {} of {} classes", name, *place.scene_class, classes));
      return torch::tensor(*place.scene_class, torch::kInt64);
    }
    if (!stored.label.empty()) {
      OpenArrays arrays;
      const LabelFile file{stored.label};
      const RasterSize size = label_size(file, {}, arrays);
      return read_label(file, listing_.coding, listing_.description.classes, {}, {0, 0, size.width, size.height},
                        arrays);
    }
    if (!place.label.defined()) return {};
    const auto beyond = (place.label < -1).logical_or(place.label >= classes).nonzero();
    if (beyond.size(0) > 0) {
      const int64_t row = beyond[0][0].item<int64_t>(), column = beyond[0][1].item<int64_t>();
      throw DataError(fmt::format("place {}: label value {} at column {}, row {} is none of the {} classes of {}", name,
                                  place.label[row][column].item<int64_t>(), column, row, classes, kLabelClassesFile));
    }
    return task_ == PlaceTask::kCovers ? covers_present(place.label, classes) : place.label;
  }

  const PlaceTask task_;
  DatasetListing listing_;
  std::vector<std::unique_ptr<PlaceDataset>> parts_;
  std::vector<StoredPlace> places_;
};

}  // namespace

std::vector<PlacesPart> parts_of_places(const fs::path& folder) {
  std::vector<PlacesPart> parts = {{folder, ""}};
  for (const char* split : {"val", "test"}) {
    if (is_places(folder / split)) parts.push_back({folder / split, split});
  }
  if (parts.size() > 1) parts.front().split = "train";
  return parts;
}

std::map<std::string, PlaceLabels> read_place_labels(const fs::path& folder) {
  const fs::path file = folder / "labels.jsonl";
  if (!fs::exists(file)) {
    throw DataError(
        fmt::format("{}: missing; expected further labels as 'skysense synth --labels' writes them", file.string()));
  }
  std::map<std::string, PlaceLabels> labels;
  for (PlaceLabels& place : parse_place_labels(read_text_file(file), file.string())) {
    const std::string id = place.id;
    labels.emplace(id, std::move(place));
  }
  return labels;
}

std::unique_ptr<PlaceSource> open_stored_places(PlaceTask task, const fs::path& folder, const DatasetOptions& options) {
  return std::make_unique<StoredPlaces>(task, folder, options);
}

}  // namespace skysense
