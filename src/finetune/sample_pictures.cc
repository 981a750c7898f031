#include "finetune/sample_pictures.h"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>
#include <string>

#include "datasets/export_samples.h"
#include "finetune/frame.h"
#include "finetune/task_setup.h"
#include "infer/place_picture.h"
#include "viz/box_picture.h"
#include "viz/contact_sheet.h"

namespace skysense {
namespace {

constexpr int64_t kCell = 256;
constexpr int64_t kObjectCell = 480;
// Sides of what is drawn of a sample.
constexpr int64_t kMostMapPixels = 4 * kCell;
constexpr int64_t kMostObjectPixels = 2048;

/// The middle of a sample: at most so many pixels a side, or as few as are whole pixels of all its rasters.
PixelWindow middle_of(const FrameGrid& grid, int64_t most_pixels) {
  const int64_t step = std::lcm(grid.step_x, grid.step_y);
  return middle_frame(grid, {.side = std::max(step, most_pixels / step * step)}).window;
}

Picture picture_of(const LabelledSample& sample, const TaskDescription& task, const SensorContracts& sensors) {
  for (const Modality modality : task.modalities) {
    const auto& images = sample.images[modality];
    if (images && images->series.values.size(0) > 0)
      return image_picture(images->series, images->series.values.size(0) - 1, *sensors[modality]);
  }
  return {1, 1, 3, {0, 0, 0}};
}

}  // namespace

ClassMap class_map_of(const torch::Tensor& map) {
  const auto dense = map.to(torch::kCPU, torch::kInt64).contiguous();
  return {.width = dense.size(1),
          .height = dense.size(0),
          .classes = {dense.const_data_ptr<int64_t>(), dense.const_data_ptr<int64_t>() + dense.numel()}};
}

SamplePictures::SamplePictures(const LabelledDataset& dataset, const TaskDescription& task,
                               const std::vector<int64_t>& samples, int64_t most)
    : dataset_(dataset), task_(task) {
  for (const int64_t position : evenly_spaced(static_cast<int64_t>(samples.size()), most))
    chosen_.push_back(samples[static_cast<size_t>(position)]);
}

EvaluationObservers SamplePictures::observers() {
  return {.maps = [this](int64_t number, const torch::Tensor& truth,
                         const torch::Tensor& predicted) { add(number, truth, predicted); },
          .objects = [this](int64_t number, const ObjectLabels& truth,
                            const Detections& found) { add(number, truth, found); }};
}

SamplePictures::Ground SamplePictures::ground_of(int64_t number, int64_t most_pixels) const {
  const auto modalities = modality_flags(task_.modalities);
  const FrameGrid grid = frame_grid(dataset_, number, modalities);
  const PixelWindow window = middle_of(grid, most_pixels);
  const LabelledSample sample = dataset_.get(number, {.window = window, .modalities = modalities, .label = false});
  const bool part = window.pixels() < grid.extent.width * grid.extent.height;
  return {.name = sample.entry.name,
          .caption = part ? fmt::format(" The middle {} x {} of {} x {} pixels.", window.width, window.height,
                                        grid.extent.width, grid.extent.height)
                          : "",
          .window = window,
          .picture = picture_of(sample, task_, dataset_.description().sensors)};
}

bool SamplePictures::take(int64_t number) { return std::erase(chosen_, number) > 0; }

void SamplePictures::add(int64_t number, const torch::Tensor& truth, const torch::Tensor& predicted) {
  if (!take(number)) return;
  const auto [name, caption, window, ground] = ground_of(number, kMostMapPixels);
  const auto drawn = [&window = window](const torch::Tensor& maps) {
    return class_map_of(maps[-1].narrow(0, window.y, window.height).narrow(1, window.x, window.width));
  };
  const ClassMap wanted = drawn(truth), found = drawn(predicted);
  const auto colours = class_colours(static_cast<int64_t>(task_.classes.size()), task_.colours);
  const Picture sheet = contact_sheet({{ground, "image"},
                                       {overlay_picture(ground, wanted, colours), "truth"},
                                       {overlay_picture(ground, found, colours), "prediction"},
                                       {error_picture(wanted, found), "right and wrong"}},
                                      {.columns = 4, .cell = kCell});
  Legend legend = class_legend(task_.classes, colours, {wanted, found});
  for (const auto& entry : error_legend()) legend.push_back(entry);
  pictures_.push_back({.title = name,
                       .caption = "The image, the truth, the prediction, and where it is right and wrong." + caption,
                       .picture = with_legend(sheet, legend)});
}

void SamplePictures::add(int64_t number, const ObjectLabels& truth, const Detections& found) {
  if (!take(number)) return;
  const auto [name, caption, window, ground] = ground_of(number, kMostObjectPixels);
  // A finer grid than the labels' shows the boxes as exactly as it shows the ground; small images are magnified for it.
  const int64_t factor = std::max<int64_t>(1, kObjectCell / std::max(ground.width, ground.height));
  const Picture large = magnified(ground, factor);
  const double scale = static_cast<double>(large.width) / static_cast<double>(window.width);
  const auto colours = class_colours(static_cast<int64_t>(task_.classes.size()), task_.colours);
  const auto painted = [&, &corner = window](OrientedBox box, int64_t object_class, bool faint) {
    box.x -= static_cast<double>(corner.x);
    box.y -= static_cast<double>(corner.y);
    for (double* length : {&box.x, &box.y, &box.width, &box.height}) *length *= scale;
    return PaintedBox{.box = box, .colour = colours.at(static_cast<size_t>(object_class)), .faint = faint};
  };
  std::vector<PaintedBox> wanted, got;
  std::vector<int64_t> shown;
  for (size_t i = 0; i < truth.boxes.size(); ++i) {
    wanted.push_back(painted(truth.boxes[i], truth.classes[i], truth.ignored[i] != 0));
    shown.push_back(truth.classes[i]);
  }
  const auto boxes = oriented_boxes(found.boxes);
  constexpr double kSure = 0.5;
  for (size_t i = 0; i < boxes.size(); ++i) {
    const auto row = static_cast<int64_t>(i);
    const auto own = found.classes[row].item<int64_t>();
    got.push_back(painted(boxes[i], own, found.scores[row].item<double>() < kSure));
    shown.push_back(own);
  }
  const Picture sheet =
      contact_sheet({{large, "image"},
                     {with_boxes(large, wanted), "truth"},
                     {with_boxes(large, got), "detections (faint: score below 0.5)"}},
                    {.columns = 3, .cell = std::max(kObjectCell, std::min<int64_t>(large.width, 1024))});
  std::vector<ClassMap> met;
  if (!shown.empty()) met.push_back({.width = static_cast<int64_t>(shown.size()), .height = 1, .classes = shown});
  pictures_.push_back({.title = name,
                       .caption = "The image, the truth and what was found." + caption,
                       .picture = with_legend(sheet, class_legend(task_.classes, colours, met))});
}

}  // namespace skysense
