#pragma once

#include <ATen/CPUGeneratorImpl.h>
#include <fmt/format.h>

#include <utility>
#include <vector>

#include "core/random.h"
#include "datasets/labelled_dataset.h"
#include "finetune/starting_model.h"
#include "finetune/task_setup.h"

namespace skysense::testing {

/// How many pixels and dates a PatternDataset has.
struct PatternOptions {
  LabelKind label = LabelKind::kClass;
  int64_t classes = 2;
  int64_t training = 8, validation = 4;
  int64_t side = 32;         ///< of the label map, in pixels
  int64_t hr_per_pixel = 0;  ///< HR pixels for one of the label; 0: no HR
  int64_t ms_dates = 0;      ///< on the label's pixels; 0: no MS
  int64_t label_dates = 3;   ///< of a series of masks
  bool monthly = false;      ///< of masks: a sample a month of one place
  bool ignored = false;      ///< some columns of masks have no label, of every sample another number
  bool located = false;      ///< samples lie on the globe, ten degrees apart
};

/// Labelled noise in memory, the same for the same number: where the class is c, the bands lie c deviations above their
/// means on average, some 2c and some not at all (brightness alone is what a new tokenizer is blind to).
class PatternDataset : public LabelledDataset {
 public:
  explicit PatternDataset(const PatternOptions& options) : options_(options) {
    description_.name = "patterns";
    description_.label = options.label;
    for (int64_t i = 0; i < options.classes; ++i) description_.classes.push_back(fmt::format("class {}", i));
    if (options.hr_per_pixel > 0) description_.sensors[Modality::kHr] = builtin_contract("aerial-rgb");
    if (options.ms_dates > 0) description_.sensors[Modality::kMs] = builtin_contract("sentinel2-l2a");
    for (int64_t i = 0; i < size(); ++i)
      entries_.push_back(
          {fmt::format("sample-{}", i), i < options.training ? "train" : "val", options.monthly ? "place" : ""});
  }

  const DatasetDescription& description() const override { return description_; }
  int64_t size() const override { return options_.training + options_.validation; }
  const SampleEntry& entry(int64_t number) const override { return entries_.at(static_cast<size_t>(number)); }
  RasterSize extent(int64_t) const override {
    const bool scenes = options_.label == LabelKind::kClass || options_.label == LabelKind::kMultiLabel;
    return scenes && options_.hr_per_pixel > 0 ? sides(options_.hr_per_pixel) : sides(1);
  }
  PerModality<std::optional<RasterSize>> image_sizes(int64_t) const override {
    PerModality<std::optional<RasterSize>> sizes;
    if (options_.hr_per_pixel > 0) sizes[Modality::kHr] = sides(options_.hr_per_pixel);
    if (options_.ms_dates > 0) sizes[Modality::kMs] = sides(1);
    return sizes;
  }
  std::vector<std::string> files(int64_t) const override { return {}; }

  using LabelledDataset::get;
  LabelledSample get(int64_t number, const SampleRequest& request) const override {
    const auto generator = at::make_generator<at::CPUGeneratorImpl>(mix(7, static_cast<uint64_t>(number)));
    const RasterSize whole = extent(number);
    const PixelWindow window = request.window.value_or(PixelWindow{0, 0, whole.width, whole.height});
    LabelledSample sample;
    sample.entry = entry(number);
    const torch::Tensor classes = map_of(number, generator);  // [T, side, side]
    const int64_t images = options_.label == LabelKind::kClass || options_.label == LabelKind::kMultiLabel ||
                                   options_.label == LabelKind::kMask
                               ? 1
                               : classes.size(0);
    if (options_.hr_per_pixel > 0 && request.modalities[Modality::kHr]) {
      const auto zoomed =
          classes.repeat_interleave(options_.hr_per_pixel, 1).repeat_interleave(options_.hr_per_pixel, 2);
      sample.images[Modality::kHr] =
          images_of(*description_.sensors[Modality::kHr], zoomed, images, whole, window, generator);
    }
    if (options_.ms_dates > 0 && request.modalities[Modality::kMs]) {
      sample.images[Modality::kMs] = images_of(*description_.sensors[Modality::kMs], classes,
                                               options_.ms_dates * images, whole, window, generator);
    }
    if (options_.located) {
      const Georeference place{wkt_from_text("EPSG:4326"), {10.0 * static_cast<double>(number), 1e-4, 0, 45, 0, -1e-4}};
      for (auto& images : sample.images) {
        if (images) images->georeference = place;
      }
    }
    if (!request.label) return sample;
    const auto cut = [&](const torch::Tensor& map) {
      return map.narrow(-2, window.y, window.height).narrow(-1, window.x, window.width).clone();
    };
    switch (options_.label) {
      case LabelKind::kClass:
        sample.label = torch::tensor(number % options_.classes, torch::kInt64);
        break;
      case LabelKind::kMultiLabel:
        sample.label = torch::zeros({options_.classes}, torch::kInt64);
        sample.label[number % options_.classes] = 1;
        break;
      case LabelKind::kMask:
        if (options_.ignored) classes[0].narrow(1, 0, number % 4 * options_.side / 8).fill_(-1);
        sample.label = cut(classes[0]);
        if (options_.monthly) sample.label_dates = {Date{2020, static_cast<int>(number % 12) + 1, 1}};
        break;
      case LabelKind::kChangeMask:
        sample.label = cut((classes[0] != classes[1]).to(torch::kInt64));
        break;
      case LabelKind::kTwoMasks:
      case LabelKind::kMaskSeries:
        sample.label = cut(classes);
        for (int64_t i = 0; i < classes.size(0); ++i)
          sample.label_dates.push_back(Date{2020, static_cast<int>(i) + 1, 15});
        break;
      case LabelKind::kBoxes:  // no test wants them of it
        break;
    }
    return sample;
  }

 private:
  RasterSize sides(int64_t zoom) const { return {options_.side * zoom, options_.side * zoom}; }

  /// [T, side, side]: squares of 8 pixels; of scenes one class all over.
  torch::Tensor map_of(int64_t number, const at::Generator& generator) const {
    if (options_.label == LabelKind::kClass || options_.label == LabelKind::kMultiLabel)
      return torch::full({1, options_.side, options_.side}, number % options_.classes, torch::kInt64);
    const int64_t times = options_.label == LabelKind::kMask         ? 1
                          : options_.label == LabelKind::kMaskSeries ? options_.label_dates
                                                                     : 2;
    const int64_t cells = (options_.side + 7) / 8;
    const auto coarse = at::randint(options_.classes, {times, cells, cells}, generator, torch::kInt64);
    return coarse.repeat_interleave(8, 1)
        .repeat_interleave(8, 2)
        .narrow(1, 0, options_.side)
        .narrow(2, 0, options_.side);
  }

  static DatedImages images_of(const SensorContract& contract, const torch::Tensor& classes, int64_t images,
                               const RasterSize& extent, const PixelWindow& window, const at::Generator& generator) {
    const int64_t zoom_x = classes.size(2) * 1000 / extent.width, height = classes.size(1), width = classes.size(2);
    const auto scaled = [&](int64_t pixels) { return pixels * zoom_x / 1000; };
    auto values = at::randn({images, contract.channels(), height, width}, generator) * 0.1;
    DatedImages result;
    auto shares = torch::arange(contract.channels()).remainder(2).mul(-2).add(2).to(torch::kFloat);
    if (contract.channels() % 2 == 1) shares[-1] = 1;
    for (int64_t i = 0; i < images; ++i) {
      values[i] += classes[i * classes.size(0) / images].to(torch::kFloat) * shares.view({-1, 1, 1});
      result.dates.push_back(Date{2020, static_cast<int>(i * 12 / images) % 12 + 1, 15});
    }
    std::vector<int64_t> days;
    for (const auto& date : result.dates) days.push_back(date->day_of_year());
    for (int64_t band = 0; band < contract.channels(); ++band) {
      const Band& units = contract.bands[static_cast<size_t>(band)];
      values.select(1, band).mul_(units.std).add_(units.mean);
    }
    const auto cut = [&](const torch::Tensor& map) {
      return map.narrow(-2, scaled(window.y), scaled(window.height))
          .narrow(-1, scaled(window.x), scaled(window.width))
          .clone();
    };
    result.series.values = cut(values);
    result.series.valid = torch::ones_like(result.series.values.select(1, 0), torch::kBool);
    result.series.day_of_year = torch::tensor(days, torch::kInt64);
    return result;
  }

  const PatternOptions options_;
  DatasetDescription description_;
  std::vector<SampleEntry> entries_;
};

/// Options of the smallest run on a PatternDataset.
inline FinetuneOptions small_finetuning(const std::string& head, int64_t steps) {
  FinetuneOptions options;
  options.pretrained = "random:nano";
  options.compute.device = "cpu";
  options.compute.threads = 1;
  options.data.frame.side = 32;
  options.task.head = head;
  options.task.channels = 16;
  options.task.auxiliary_channels = 16;
  options.task.norm = "group";
  options.train.steps = steps;
  options.train.batch_size = 4;
  options.train.schedule.lr = 1e-3;
  options.train.log_every = 1;
  options.train.checkpoint_every = 2;
  options.loader.workers = 1;
  return options;
}

/// nano with fewer blocks and weights of its own; experts in the last block where asked for.
inline PretrainedModel small_pretrained(int64_t experts = 0) {
  PretrainedModel pretrained = open_pretrained("random:nano");
  pretrained.options.depths = {1, 1, 1, 1};
  pretrained.options.fusion_layers = 1;
  if (experts > 0) pretrained.options.moe = {.experts = experts, .top_k = 1, .blocks = {3}};
  return pretrained;
}

}  // namespace skysense::testing
