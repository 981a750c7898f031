#include "ingest/geotiff_shards.h"

#include <fmt/format.h>

#include <map>
#include <memory>
#include <utility>

#include "core/class_names.h"
#include "core/error.h"
#include "core/files.h"
#include "core/log.h"
#include "core/place_index.h"
#include "core/progress.h"
#include "core/shard_writer.h"
#include "data/tensor_shards.h"
#include "ingest/dataset_location.h"
#include "ingest/index_dataset.h"
#include "ingest/member_checks.h"
#include "ingest/place_cut.h"
#include "ingest/place_ground.h"
#include "ingest/validity_layer.h"
#include "raster/raster_copy.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

/// A raster of a place that is to become a member, and where its path stands in the record.
struct PlaceFile {
  std::string* path;    ///< in the record; becomes the member's
  std::string key;      ///< the same for the same content
  MemberSource member;  ///< with the name in the tar
  bool converted;       ///< no copy of a file
};

class GeotiffSharding {
 public:
  GeotiffSharding(const DatasetLocation& source, SensorContracts contracts, ShardWriter& writer)
      : source_(source), contracts_(std::move(contracts)), checks_(source), writer_(writer) {}

  void add(PlaceRecord place) {
    std::vector<PlaceFile> files;
    try {
      files = place.ground ? cut_files(place) : open_files(place);
    } catch (const DataError& error) {
      spdlog::warn("place {} is left out: {}", place.id, error.what());
      writer_.leave_out({place.id, error.what()});
      return;
    }
    int64_t bytes = 0;
    for (const PlaceFile& file : files) bytes += file.member.bytes;
    if (writer_.begin_place(bytes)) members_.clear();
    for (const PlaceFile& file : files) {
      // Places of one scene name the same file: a shard has it once.
      auto member = members_.find(file.key);
      if (member == members_.end()) {
        converted_ += file.converted ? 1 : 0;
        const ShardMember added = writer_.add(file.member);
        member =
            members_.emplace(file.key, fmt::format("/vsisubfile/{}_{},{}", added.offset, added.bytes, writer_.tar()))
                .first;
      }
      *file.path = member->second;
    }
    writer_.end_place(format_place(place));
  }

  int64_t converted() const { return converted_; }
  int64_t dropped_labels() const { return dropped_labels_; }

 private:
  std::string resolve(const std::string& path) {
    checks_.verify(path);
    return resolve_place_path(source_.folder(), path);
  }

  void drop_vector_label(PlaceRecord& place) {
    if (!is_vector_label(place.label)) return;
    place.label.clear();
    ++dropped_labels_;
  }

  /// The files of a place as they are.
  std::vector<PlaceFile> open_files(PlaceRecord& place) {
    const std::string prefix = place_member_prefix(writer_.next_place(), place.id);
    std::vector<PlaceFile> files;
    const auto open = [&](std::string& path, const std::string& name, const std::vector<int64_t>& valid_values) {
      const std::string resolved = resolve(path);
      const auto copy = std::make_shared<RasterCopy>(resolved, valid_values);
      files.push_back({&path,
                       resolved + (valid_values.empty() ? "" : " as mask"),
                       {fmt::format("{}/{}.{}", prefix, name, copy->suffix()), copy->bytes(),
                        [copy](const auto& write) { copy->copy(write); }},
                       copy->converted()});
    };
    for (const Modality modality : kModalities) {
      for (size_t i = 0; i < place.images[modality].size(); ++i) {
        PlaceImage& image = place.images[modality][i];
        const std::string name = fmt::format("{}-{}", modality_name(modality), i);
        for (size_t band = 0; band < image.paths.size(); ++band)
          open(image.paths[band], image.paths.size() == 1 ? name : fmt::format("{}-{}", name, band), {});
        // What the values of a layer mean is known by its file's name, which a member does not keep.
        if (!image.validity.empty()) open(image.validity, name + "-valid", layer_valid_values(image.validity));
      }
    }
    drop_vector_label(place);
    if (!place.label.empty()) open(place.label, "label", {});
    return files;
  }

  /// What a place with a ground shows of larger rasters, on the grids on which reading brings them.
  std::vector<PlaceFile> cut_files(PlaceRecord& place) {
    const std::string prefix = place_member_prefix(writer_.next_place(), place.id);
    const auto grids = grids_of_ground(*place.ground, contracts_, "ground");
    std::vector<PlaceFile> files;
    const auto take = [&](std::string& path, const std::string& name, std::string cut) {
      const auto bytes = std::make_shared<const std::string>(std::move(cut));
      const std::string member = fmt::format("{}/{}.tif", prefix, name);
      files.push_back({&path,
                       member,
                       {member, static_cast<int64_t>(bytes->size()), [bytes](const auto& write) { write(*bytes); }},
                       true});
    };
    std::optional<TargetGrid> ground;
    for (const Modality modality : kModalities) {
      std::vector<PlaceImage>& images = place.images[modality];
      if (images.empty()) continue;
      if (!contracts_[modality])
        throw DataError(fmt::format("it has {} images, but contract.json has no such sensor", modality_name(modality)));
      if (!ground) ground = grids[modality];
      std::vector<PlaceImage> kept;
      std::vector<std::string> cuts;
      for (PlaceImage& image : images) {
        for (std::string& path : image.paths) path = resolve(path);
        image.validity = resolve(image.validity);
        auto cut = cut_image(image, *contracts_[modality], *grids[modality]);
        if (!cut) continue;  // as reading does
        cuts.push_back(std::move(*cut));
        kept.push_back({.paths = {""}, .date = image.date, .validity = "", .add = image.add});
      }
      images = std::move(kept);
      for (size_t i = 0; i < images.size(); ++i)
        take(images[i].paths.front(), fmt::format("{}-{}", modality_name(modality), i), std::move(cuts[i]));
    }
    if (files.empty()) throw DataError("none of its images has a valid pixel");
    drop_vector_label(place);
    if (!place.label.empty()) take(place.label, "label", cut_label(resolve(place.label), *ground));
    return files;
  }

  const DatasetLocation& source_;
  const SensorContracts contracts_;
  MemberChecks checks_;
  ShardWriter& writer_;
  std::map<std::string, std::string> members_;  // of the shard at hand: key -> path in the index
  int64_t converted_ = 0, dropped_labels_ = 0;
};

/// What stands beside the shards.
void write_companions(const DatasetLocation& source, const fs::path& output) {
  for (const char* name : {"contract.json", kClassesFile, kLabelClassesFile}) {
    if (source.exists(name)) write_file_atomically(output / name, source.read(name));
  }
}

/// --overwrite must not remove what is to be read.
void require_other_folder(const DatasetLocation& source, const fs::path& output) {
  std::error_code absent;
  if (fs::equivalent(source.folder(), output, absent))
    throw UsageError(fmt::format("-o {}: is the dataset itself; name another folder", output.string()));
}

void require_places(const ShardReport& report, const std::string& dataset) {
  if (report.places > 0) return;
  throw DataError(fmt::format("{}: no place can be read; the first: {}", dataset, report.left_out.front().reason));
}

}  // namespace

ShardReport write_geotiff_shards(const ShardingOptions& options) {
  const DatasetLocation source(options.dataset);
  require_other_folder(source, options.output);
  const std::string index = source.read("index.jsonl");
  const auto places = parse_place_index(index, source.file("index.jsonl"));
  SensorContracts contracts = parse_contracts(source.read("contract.json"), source.file("contract.json"));
  const int64_t total = static_cast<int64_t>(places.size());
  ShardWriter writer(options.output, ShardKind::kGeotiff, {total, crc32_of(index), options.shard_size},
                     options.overwrite);
  GeotiffSharding sharding(source, std::move(contracts), writer);
  Progress progress("shards", total, "places");
  progress.start_at(writer.next_place());
  while (writer.next_place() < total) {
    sharding.add(places[static_cast<size_t>(writer.next_place())]);
    progress.update(writer.next_place());
  }
  const auto& shards = writer.finish();
  ShardReport report = count_shards(shards);
  report.converted = sharding.converted();
  report.dropped_labels = sharding.dropped_labels();
  require_places(report, options.dataset);
  std::string lines;
  for (const ShardSidecar& shard : shards) {
    for (const std::string& line : shard.places) lines += line + "\n";
  }
  write_companions(source, options.output);
  write_file_atomically(options.output / "index.jsonl", lines);
  writer.publish();
  return report;
}

ShardReport write_tensor_shards(const ShardingOptions& options) {
  const DatasetLocation source(options.dataset);
  require_other_folder(source, options.output);
  const IndexDataset places(options.dataset);
  const ShardSource identity{places.size(), crc32_of(source.read("index.jsonl")), options.shard_size};
  ShardWriter writer(options.output, ShardKind::kTensors, identity, options.overwrite);
  Progress progress("shards", places.size(), "places");
  progress.start_at(writer.next_place());
  while (writer.next_place() < places.size()) {
    add_tensor_place(places, writer);
    progress.update(writer.next_place());
  }
  const ShardReport report = count_shards(writer.finish());
  require_places(report, options.dataset);
  write_companions(source, options.output);
  writer.publish();
  return report;
}

}  // namespace skysense
