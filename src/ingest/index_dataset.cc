#include "ingest/index_dataset.h"

#include <fmt/format.h>

#include <atomic>
#include <cmath>

#include "core/class_names.h"
#include "core/error.h"
#include "core/place_index.h"
#include "ingest/contract_reader.h"
#include "ingest/dataset_location.h"
#include "ingest/member_checks.h"
#include "ingest/place_ground.h"
#include "ingest/place_images.h"
#include "ingest/scene_check.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;

double pixel_side_m(const TargetGrid& grid) {
  return ground_sample_distance_m({grid.wkt, grid.transform}, grid.width, grid.height).value_or(1);
}

TargetGrid part_of(const TargetGrid& grid, const RasterPart& part) {
  const Georeference corner =
      Georeference{grid.wkt, grid.transform}.moved({static_cast<double>(part.x), static_cast<double>(part.y)});
  return {grid.wkt, corner.transform, part.width, part.height};
}

struct Image {
  torch::Tensor values;  // [C, H, W] float32
  torch::Tensor valid;   // [H, W] bool
  ReadCounts counts;
};

/// An image's own pixels as a grid in pixel coordinates. It names no CRS.
TargetGrid pixel_grid(const RasterReader& raster) {
  return {.wkt = {}, .width = raster.width(), .height = raster.height()};
}

/// `in_pixels`: the grid is a part of the pixel_grid of the image.
Image read_image(const ContractReader& reader, const SensorContract& contract, const TargetGrid& grid, bool in_pixels) {
  Image image{torch::empty({contract.channels(), grid.height, grid.width}, torch::kFloat32),
              torch::empty({grid.height, grid.width}, torch::kBool),
              {}};
  float* values = image.values.data_ptr<float>();
  auto* valid = reinterpret_cast<uint8_t*>(image.valid.data_ptr<bool>());
  const PixelWindow window{std::llround(grid.transform[0]), std::llround(grid.transform[3]), grid.width, grid.height};
  image.counts = in_pixels ? reader.read_window(window, values, valid) : reader.read_onto(grid, values, valid);
  return image;
}

/// The only image of a place, if it is one in a single file.
const ContractReader* single_image(const PerModality<std::vector<ContractReader>>& readers) {
  const ContractReader* found = nullptr;
  for (const auto& of_modality : readers) {
    for (const ContractReader& reader : of_modality) {
      if (found != nullptr || !reader.is_one_file()) return nullptr;
      found = &reader;
    }
  }
  return found;
}

}  // namespace

struct IndexDataset::Impl {
  explicit Impl(const std::string& folder) : location(folder) {}

  const DatasetLocation location;
  std::vector<PlaceRecord> places;
  SensorContracts contracts;
  std::vector<std::string> label_names;
  std::unique_ptr<MemberChecks> checks;
  mutable std::atomic<int64_t> images = 0, dropped = 0, pixels = 0, invalid = 0, nan = 0;

  /// What GDAL opens for a path of the index; a member of a shard is compared with its checksum.
  std::string resolve(const std::string& path) const {
    if (checks) checks->verify(path);
    return resolve_place_path(location.folder(), path);
  }

  std::vector<ContractReader> open(const PlaceRecord& place, Modality modality) const;
  std::optional<ImageSeries> read(const PlaceRecord& place, Modality modality,
                                  const std::vector<ContractReader>& readers, const TargetGrid& grid,
                                  const std::optional<RasterPart>& part, bool in_pixels) const;
  PlaceSample get(const PlaceRecord& place, const PartRequest& request) const;
  torch::Tensor read_label(const std::string& path, const std::optional<TargetGrid>& ground) const;
};

std::vector<ContractReader> IndexDataset::Impl::open(const PlaceRecord& place, Modality modality) const {
  std::vector<ContractReader> readers;
  if (place.images[modality].empty()) return readers;
  if (!contracts[modality]) {
    throw DataError(fmt::format("{}: place {} has {} images, but contract.json has no such sensor",
                                location.file("index.jsonl"), place.id, modality_name(modality)));
  }
  for (const PlaceImage& image : place.images[modality]) {
    PlaceImage resolved = image;
    for (std::string& path : resolved.paths) path = resolve(path);
    resolved.validity = resolve(image.validity);
    readers.push_back(open_place_image(resolved, *contracts[modality]));
  }
  return readers;
}

std::optional<ImageSeries> IndexDataset::Impl::read(const PlaceRecord& place, Modality modality,
                                                    const std::vector<ContractReader>& readers, const TargetGrid& grid,
                                                    const std::optional<RasterPart>& part, bool in_pixels) const {
  if (grid.width > kMaxPlaceSide || grid.height > kMaxPlaceSide) {
    throw DataError(
        fmt::format("{}: {} x {} pixels are too many for one place (at most {} a side): cut it into tiles "
                    "(gdal_retile.py) and index those",
                    readers.front().path(), grid.width, grid.height, kMaxPlaceSide));
  }
  std::vector<torch::Tensor> values, valid;
  std::vector<int64_t> days;
  const TargetGrid wanted = part ? part_of(grid, *part) : grid;
  for (size_t i = 0; i < readers.size(); ++i) {
    const bool by_window = part && (in_pixels || readers[i].lies_on(grid));
    auto [image, mask, counts] = read_image(readers[i], *contracts[modality], by_window ? wanted : grid, in_pixels);
    if (by_window && counts.invalid >= counts.pixels) {
      // Whether an image is empty does not depend on the part that is asked for.
      counts = read_image(readers[i], *contracts[modality], grid, in_pixels).counts;
    } else if (part && !by_window) {
      image = image.narrow(1, part->y, part->height).narrow(2, part->x, part->width);
      mask = mask.narrow(0, part->y, part->height).narrow(1, part->x, part->width);
    }
    ++images;
    pixels += counts.pixels;
    invalid += counts.invalid;
    nan += counts.nan;
    if (counts.invalid >= counts.pixels) {
      ++dropped;
      continue;
    }
    values.push_back(image);
    valid.push_back(mask);
    const auto& date = place.images[modality][i].date;
    days.push_back(date ? date->day_of_year() : 0);
  }
  if (values.empty()) return std::nullopt;
  const auto joined = [](const std::vector<torch::Tensor>& images) {
    return images.size() == 1 ? images[0].contiguous().unsqueeze(0) : torch::stack(images);  // one needs no copy
  };
  ImageSeries series{joined(values), joined(valid), torch::tensor(days, torch::kInt64)};
  if (part) series.part = {part->x, part->y, {grid.width, grid.height}};
  return series;
}

torch::Tensor IndexDataset::Impl::read_label(const std::string& path, const std::optional<TargetGrid>& ground) const {
  if (path.empty() || is_vector_label(path)) return {};
  const RasterReader reader(path);
  const TargetGrid grid = label_grid(reader, ground);
  auto values = torch::empty({grid.height, grid.width}, torch::kFloat32);
  auto valid = torch::empty({grid.height, grid.width}, torch::kUInt8);
  const std::vector<int64_t> first = {0};
  reader.read_onto(grid, first, Resampling::kNearest, values.data_ptr<float>(), valid.data_ptr<uint8_t>());
  return torch::where(valid.to(torch::kBool), values.to(torch::kInt64), torch::tensor(int64_t{-1}));
}

IndexDataset::IndexDataset(const fs::path& folder, bool verify) : impl_(std::make_unique<Impl>(folder.string())) {
  const DatasetLocation& location = impl_->location;
  impl_->places = parse_place_index(location.read("index.jsonl"), location.file("index.jsonl"));
  impl_->contracts = parse_contracts(location.read("contract.json"), location.file("contract.json"));
  if (location.exists(kLabelClassesFile))
    impl_->label_names = parse_class_names(location.read(kLabelClassesFile), location.file(kLabelClassesFile));
  if (verify) impl_->checks = std::make_unique<MemberChecks>(location);
}

IndexDataset::~IndexDataset() = default;

int64_t IndexDataset::size() const { return static_cast<int64_t>(impl_->places.size()); }
const SensorContracts& IndexDataset::contracts() const { return impl_->contracts; }
std::vector<std::string> IndexDataset::label_names() const { return impl_->label_names; }
IndexCounts IndexDataset::counts() const {
  return {impl_->images, impl_->dropped, impl_->invalid, impl_->nan, impl_->pixels};
}

PlaceSample IndexDataset::Impl::get(const PlaceRecord& place, const PartRequest& request) const {
  try {
    PerModality<std::vector<ContractReader>> readers;
    PerModality<std::optional<TargetGrid>> native;
    for (const Modality modality : kModalities) readers[modality] = open(place, modality);
    // A part of a single image is cut by its pixels: where they lie on Earth need not be known.
    const bool by_pixels = request.choose && !place.ground && !(request.label && !place.label.empty());
    const ContractReader* single = by_pixels ? single_image(readers) : nullptr;
    for (const Modality modality : kModalities) {
      if (single != nullptr && !readers[modality].empty()) {
        native[modality] = pixel_grid(single->finest());
        continue;
      }
      for (const ContractReader& reader : readers[modality]) {
        const TargetGrid grid = reader.grid();
        if (!native[modality] || pixel_side_m(grid) < 0.99 * pixel_side_m(*native[modality])) native[modality] = grid;
      }
    }
    const auto grids = place.ground ? grids_of_ground(*place.ground, contracts, "ground")
                                    : common_ground(native, fmt::format("place {}", place.id));
    PlaceSample sample;
    sample.id = place.id;
    sample.longitude_deg = place.longitude_deg;
    sample.latitude_deg = place.latitude_deg;
    sample.scene_class = place.scene_class;
    PerModality<std::optional<RasterPart>> parts;
    if (request.choose) {
      PerModality<std::optional<RasterSize>> sizes;
      for (const Modality modality : kModalities) {
        if (!readers[modality].empty()) sizes[modality] = RasterSize{grids[modality]->width, grids[modality]->height};
      }
      parts = request.choose(sizes);
    }
    std::optional<TargetGrid> ground;
    for (const Modality modality : kModalities) {
      if (readers[modality].empty()) continue;
      sample.images[modality] =
          read(place, modality, readers[modality], *grids[modality], parts[modality], single != nullptr);
      if (!ground) ground = grids[modality];
    }
    if (request.label) sample.label = read_label(resolve(place.label), ground);
    return sample;
  } catch (const DataError& error) {
    throw DataError(fmt::format("place {}: {}", place.id, error.what()));
  }
}

PlaceSample IndexDataset::get(int64_t number) const {
  return impl_->get(impl_->places.at(static_cast<size_t>(number)), {.choose = {}, .label = true});
}

PlaceSample IndexDataset::get_part(int64_t number, const PartRequest& request) const {
  const PlaceRecord& place = impl_->places.at(static_cast<size_t>(number));
  PlaceSample sample = impl_->get(place, request);
  for (const Modality modality : kModalities) {
    // Without a modality the views may lie elsewhere.
    if (!place.images[modality].empty() && !sample.images[modality])
      return impl_->get(place, {.choose = {}, .label = request.label});
  }
  return sample;
}

}  // namespace skysense
