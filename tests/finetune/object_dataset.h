#pragma once

#include <fmt/format.h>

#include <vector>

#include "data/object_moves.h"
#include "datasets/labelled_dataset.h"
#include "tests/detection/small_detector.h"
#include "tests/finetune/pattern_dataset.h"

namespace skysense::testing {

/// How large an ObjectDataset is.
struct ObjectDatasetOptions {
  int64_t training = 4, validation = 2;
  int64_t side = 64;       ///< of the images in cells of 64 pixels: 64 has 4 objects, 128 has 16
  bool oriented = true;    ///< of the boxes' description
  bool difficult = false;  ///< the first object of every image is
  bool sparse = false;     ///< only the objects of the upper left cell are there
};

/// Images of noise with bright rectangles of two classes in memory, the same for the same number.
class ObjectDataset : public LabelledDataset {
 public:
  explicit ObjectDataset(const ObjectDatasetOptions& options) : options_(options) {
    description_.name = "rectangles";
    description_.label = LabelKind::kBoxes;
    description_.oriented = options.oriented;
    description_.classes = {"red", "green"};
    description_.sensors[Modality::kHr] = builtin_contract("aerial-rgb");
    for (int64_t i = 0; i < size(); ++i)
      entries_.push_back({fmt::format("image-{}", i), i < options.training ? "train" : "val", ""});
  }

  const DatasetDescription& description() const override { return description_; }
  int64_t size() const override { return options_.training + options_.validation; }
  const SampleEntry& entry(int64_t number) const override { return entries_.at(static_cast<size_t>(number)); }
  RasterSize extent(int64_t) const override { return {options_.side, options_.side}; }
  PerModality<std::optional<RasterSize>> image_sizes(int64_t number) const override {
    PerModality<std::optional<RasterSize>> sizes;
    sizes[Modality::kHr] = extent(number);
    return sizes;
  }
  std::vector<std::string> files(int64_t) const override { return {}; }

  using LabelledDataset::get;
  LabelledSample get(int64_t number, const SampleRequest& request) const override {
    const PixelWindow window = request.window.value_or(PixelWindow{0, 0, options_.side, options_.side});
    Picture picture = draw_picture(boxes_of(number), options_.side, static_cast<uint64_t>(number) + 1);
    LabelledSample sample;
    sample.entry = entry(number);
    if (request.modalities[Modality::kHr]) {
      DatedImages images;
      auto values = picture.image.narrow(1, window.y, window.height).narrow(2, window.x, window.width).clone();
      const SensorContract& contract = *description_.sensors[Modality::kHr];
      for (int64_t band = 0; band < values.size(0); ++band) {
        const Band& units = contract.bands[static_cast<size_t>(band)];
        values[band].mul_(units.std).add_(units.mean);
      }
      images.series = {values.unsqueeze(0), torch::ones({1, window.height, window.width}, torch::kBool),
                       torch::zeros({1}, torch::kInt64)};
      images.dates = {std::nullopt};
      sample.images[Modality::kHr] = images;
    }
    if (!request.label) return sample;
    if (options_.difficult) picture.objects.ignored[0] = 1;
    if (!options_.oriented) make_upright(picture.objects);
    const auto side = static_cast<double>(options_.side);
    const auto x = static_cast<double>(window.x), y = static_cast<double>(window.y);
    sample.objects = objects_in(picture.objects,
                                {x, y, x + static_cast<double>(window.width), y + static_cast<double>(window.height)},
                                {0, 0, side, side}, {.upright = !options_.oriented});
    return sample;
  }

  /// The objects of an image, those of a cell moved a little from image to image.
  std::vector<OrientedBox> boxes_of(int64_t number) const {
    std::vector<OrientedBox> boxes;
    constexpr int64_t kCell = 64;
    for (int64_t top = 0; top < options_.side; top += kCell) {
      for (int64_t left = 0; left < options_.side; left += kCell) {
        if (options_.sparse && (top > 0 || left > 0)) continue;
        for (OrientedBox box : scattered_boxes()) {
          box.x += static_cast<double>(left + number % 3);
          box.y += static_cast<double>(top) - static_cast<double>(number % 2);
          boxes.push_back(box);
        }
      }
    }
    return boxes;
  }

 private:
  const ObjectDatasetOptions options_;
  DatasetDescription description_;
  std::vector<SampleEntry> entries_;
};

/// Options of the smallest run of a detector.
inline FinetuneOptions small_detection_run(DetectorKind detector, int64_t steps) {
  auto options = small_finetuning(std::string(detector_name(detector)), steps);
  options.data.frame.side = 64;
  options.detection = small_detection();
  return options;
}

}  // namespace skysense::testing
