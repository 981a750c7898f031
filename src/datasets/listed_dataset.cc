#include "datasets/listed_dataset.h"

#include <fmt/format.h>

#include "core/dataset_documents.h"
#include "core/error.h"
#include "core/files.h"
#include "data/object_moves.h"
#include "datasets/label_source.h"
#include "datasets/object_source.h"
#include "datasets/scaled_window.h"

namespace skysense {
namespace {

bool same(const RasterSize& a, const RasterSize& b) { return a.width == b.width && a.height == b.height; }

}  // namespace

TargetGrid ListedDataset::first_grid(const SampleRecord& sample, OpenArrays& arrays) const {
  for (const Modality modality : kModalities) {
    if (sample.images[modality].empty()) continue;
    const auto image = open_image(sample.images[modality].front(), *listing_.description.sensors[modality], arrays);
    const Georeference georeference = image->georeference();
    return {georeference.wkt, georeference.transform, image->size().width, image->size().height};
  }
  throw DataError(sample.entry.name + ": a sample without an image");
}

RasterSize ListedDataset::extent_of(const SampleRecord& sample, OpenArrays& arrays) const {
  if (sample.masks.empty() || sample.masks.front().format == LabelFormat::kVectors) {
    const TargetGrid grid = first_grid(sample, arrays);
    return {grid.width, grid.height};
  }
  return label_size(sample.masks.front(), {}, arrays);
}

RasterSize ListedDataset::extent(int64_t number) const {
  OpenArrays arrays;
  return extent_of(record(number), arrays);
}

PerModality<std::optional<RasterSize>> ListedDataset::image_sizes(int64_t number) const {
  OpenArrays arrays;
  PerModality<std::optional<RasterSize>> sizes;
  for (const Modality modality : kModalities) {
    const auto& images = record(number).images[modality];
    if (!images.empty())
      sizes[modality] = open_image(images.front(), *listing_.description.sensors[modality], arrays)->size();
  }
  return sizes;
}

DatedImages ListedDataset::read_images(Modality modality, const std::vector<ImageFile>& images,
                                       const RasterSize& extent, const PixelWindow& window, OpenArrays& arrays) const {
  const SensorContract& contract = *listing_.description.sensors[modality];
  DatedImages result;
  RasterSize first_size;
  PixelWindow part;
  std::vector<int64_t> days;
  for (size_t t = 0; t < images.size(); ++t) {
    const auto image = open_image(images[t], contract, arrays);
    const std::string& path = images[t].paths.front();
    if (t == 0) {
      first_size = image->size();
      part = scaled_window(window, extent, first_size, path);
      const auto count = static_cast<int64_t>(images.size());
      result.series.values = torch::empty({count, contract.channels(), part.height, part.width});
      result.series.valid = torch::empty({count, part.height, part.width}, torch::kUInt8);
      if (image->georeference().known()) {
        result.georeference = image->georeference().moved({static_cast<double>(part.x), static_cast<double>(part.y)});
      }
      if (!same(first_size, {part.width, part.height})) result.series.part = {part.x, part.y, first_size};
    }
    float* values = result.series.values[static_cast<int64_t>(t)].data_ptr<float>();
    uint8_t* valid = result.series.valid[static_cast<int64_t>(t)].data_ptr<uint8_t>();
    if (same(image->size(), first_size)) {
      image->read(part, values, valid);
    } else if (result.georeference.known() && image->georeference().known()) {
      // Series are cut by the ground, which gives a pixel more or less from date to date.
      image->read_onto({result.georeference.wkt, result.georeference.transform, part.width, part.height}, values,
                       valid);
    } else {
      throw DataError(
          fmt::format("{}: {} x {} pixels, but the series begins with {} x {}, and without georeferences "
                      "they cannot be matched",
                      path, image->size().width, image->size().height, first_size.width, first_size.height));
    }
    result.dates.push_back(images[t].date);
    days.push_back(images[t].date ? images[t].date->day_of_year() : 0);
  }
  result.series.valid = result.series.valid.to(torch::kBool);
  result.series.day_of_year = torch::tensor(days, torch::kInt64);
  return result;
}

torch::Tensor ListedDataset::read_label(const SampleRecord& sample, const RasterSize& extent, const PixelWindow& window,
                                        OpenArrays& arrays) const {
  const DatasetDescription& description = listing_.description;
  if (description.label == LabelKind::kClass) {
    return sample.classes.empty() ? torch::Tensor() : torch::tensor(sample.classes.front(), torch::kInt64);
  }
  if (description.label == LabelKind::kMultiLabel) {
    auto label = torch::zeros({static_cast<int64_t>(description.classes.size())}, torch::kInt64);
    for (const std::string& name : parse_bigearthnet_patch(read_text_file(sample.document), sample.document).labels) {
      const auto found = listing_.coding.names.find(name);
      if (found == listing_.coding.names.end())
        throw DataError(fmt::format("{}: unknown label '{}'", sample.document, name));
      if (found->second >= 0) label[found->second] = 1;
    }
    return label;
  }
  if (sample.masks.empty()) return {};
  const bool vectors = sample.masks.front().format == LabelFormat::kVectors;
  const TargetGrid grid = vectors ? first_grid(sample, arrays) : TargetGrid{};
  std::vector<torch::Tensor> masks;
  for (const LabelFile& file : sample.masks) {
    const RasterSize size = label_size(file, grid, arrays);
    if (!same(size, extent)) {
      throw DataError(fmt::format("{}: {} x {} pixels, but the sample's first label has {} x {}", file.path, size.width,
                                  size.height, extent.width, extent.height));
    }
    masks.push_back(skysense::read_label(file, listing_.coding, description.classes, grid, window, arrays));
  }
  const bool several = description.label == LabelKind::kTwoMasks || description.label == LabelKind::kMaskSeries;
  return several ? torch::stack(masks) : masks.front();
}

void ListedDataset::read_boxes(const BoxFile& file, const TargetGrid& grid, const PixelWindow& window,
                               LabelledSample& sample) const {
  CheckedObjects checked = read_objects(file, listing_.coding, listing_.objects, grid);
  const auto left = static_cast<double>(window.x), top = static_cast<double>(window.y);
  const UprightBox part{left, top, left + static_cast<double>(window.width), top + static_cast<double>(window.height)};
  sample.objects =
      objects_in(checked.labels, part, {0, 0, static_cast<double>(grid.width), static_cast<double>(grid.height)},
                 {.least_share = listing_.objects.least_share, .upright = listing_.objects.kind == BoxKind::kUpright});
  sample.problems = std::move(checked.problems);
}

LabelledSample ListedDataset::get(int64_t number, const SampleRequest& request) const {
  const SampleRecord& sample = record(number);
  OpenArrays arrays;
  const RasterSize extent = extent_of(sample, arrays);
  const PixelWindow window = window_inside(request.window, extent, sample.entry.name);
  LabelledSample result;
  result.entry = sample.entry;
  for (const Modality modality : kModalities) {
    const auto& images = sample.images[modality];
    if (!images.empty() && request.modalities[modality])
      result.images[modality] = read_images(modality, images, extent, window, arrays);
  }
  if (!request.label) return result;
  if (sample.boxes) read_boxes(*sample.boxes, first_grid(sample, arrays), window, result);
  result.label = read_label(sample, extent, window, arrays);
  for (const LabelFile& file : sample.masks) result.label_dates.push_back(file.date);
  return result;
}

std::vector<std::string> ListedDataset::files(int64_t number) const {
  std::vector<std::string> paths;
  for (const auto& images : record(number).images) {
    for (const ImageFile& image : images) {
      for (const std::string& path : image.paths) {
        if (paths.empty() || paths.back() != path) paths.push_back(path);  // a series is one file
      }
    }
  }
  for (const LabelFile& label : record(number).masks) paths.push_back(label.path);
  if (!record(number).document.empty()) paths.push_back(record(number).document);
  if (record(number).boxes) paths.push_back(record(number).boxes->path);
  return paths;
}

}  // namespace skysense
