#include "finetune/augment.h"

#include <ATen/ops/bincount.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <vector>

#include "finetune/turn_sample.h"

namespace skysense {
namespace {

/// Draws of a crop and of an erased rectangle before the last one is taken, or nothing is erased.
constexpr int kAttempts = 10;

bool is_map(LabelKind kind) { return kind != LabelKind::kClass && kind != LabelKind::kMultiLabel; }

/// Whether one class has at least `ratio` of a map's labelled pixels, as mmsegmentation asks; so has a map of one class
/// or none.
bool is_of_one_class(const torch::Tensor& label, double ratio) {
  const auto counts = at::bincount(label.masked_select(label.ge(0)));
  if (counts.ne(0).sum().item<int64_t>() < 2) return true;
  return counts.max().item<double>() >= ratio * counts.sum().item<double>();
}

bool shows_object(const LabelledSample& sample) {
  return !sample.objects || std::ranges::count(sample.objects->ignored, 0) > 0;
}

/// One to three quarters; only half a turn fits a frame that is not square.
int64_t draw_quarters(const RasterSize& frame, RandomStream& stream) {
  return frame.width == frame.height ? stream.below(3) + 1 : 2;
}

/// The frame, and what was read of its labels on the way.
struct DrawnFrame {
  Frame frame;
  LabelledSample labels{};
};

DrawnFrame draw_frame(const LabelledDataset& dataset, int64_t number, const FrameGrid& grid,
                      const FrameOptions& options, const TaskAugmentOptions& augment, RandomStream& stream) {
  const double scale = stream.uniform(augment.min_scale, augment.max_scale);
  if (!augment.random_crop) return {middle_frame(grid, options, scale)};
  const LabelKind kind = dataset.description().label;
  const bool boxes = kind == LabelKind::kBoxes;
  const bool choosy = boxes ? augment.find_objects : augment.category_ratio < 1 && is_map(kind);
  DrawnFrame drawn;
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    drawn.frame = random_frame(grid, options, scale, stream);
    if (!choosy || drawn.frame.window.pixels() == grid.extent.width * grid.extent.height) break;
    drawn.labels = dataset.get(number, {.window = drawn.frame.window, .modalities = {}});
    const auto& label = drawn.labels.label;
    if (boxes && shows_object(drawn.labels)) break;
    if (boxes) continue;
    if (!label.defined() || !is_of_one_class(label, augment.category_ratio)) break;
  }
  return drawn;
}

}  // namespace

void TaskAugmentOptions::describe(OptionFields& fields) {
  fields("horizontal_flip", horizontal_flip, "probability of a mirror image, left and right").between(0, 1);
  fields("vertical_flip", vertical_flip, "probability of a mirror image, top and bottom").between(0, 1);
  fields("quarter_turn", quarter_turn, "probability of a turn by 90, 180 or 270 degrees").between(0, 1);
  fields("rotation", rotation, "probability of a turn by any angle").between(0, 1);
  fields("rotation_deg", rotation_deg, "largest such angle, degrees either way").between(0, 180);
  fields("random_crop", random_crop, "the frame lies anywhere in the sample; false: in its middle");
  fields("min_scale", min_scale, "least random magnification").between(0.01, 100);
  fields("max_scale", max_scale, "largest random magnification").between(0.01, 100);
  fields("category_ratio", category_ratio, "a crop is drawn again while one class has this share of it; 1: never")
      .between(0, 1);
  fields("find_objects", find_objects,
         "a crop of a data set of boxes is drawn again, ten times at most, while it shows none");
  fields("erase_chance", erase_chance, "probability of erasing a rectangle").between(0, 1);
  fields("erase_min_area", erase_min_area, "least erased share of the frame").between(0, 1);
  fields("erase_max_area", erase_max_area, "largest erased share of the frame").between(0, 1);
  fields("erase_min_aspect", erase_min_aspect, "least height / width of what is erased").between(0.01, 100);
  fields("erase_max_aspect", erase_max_aspect, "largest height / width of what is erased").between(0.01, 100);
  fields.group("mixup", mixup);
}

PixelWindow draw_erased(const RasterSize& frame, const TaskAugmentOptions& augment, RandomStream& stream) {
  if (!stream.chance(augment.erase_chance)) return {};
  const double area = static_cast<double>(frame.width * frame.height);
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const double erased = area * stream.uniform(augment.erase_min_area, augment.erase_max_area);
    const double aspect =
        std::exp(stream.uniform(std::log(augment.erase_min_aspect), std::log(augment.erase_max_aspect)));
    const int64_t height = std::llround(std::sqrt(erased * aspect)), width = std::llround(std::sqrt(erased / aspect));
    if (height < 1 || width < 1 || height >= frame.height || width >= frame.width) continue;
    const int64_t y = stream.below(frame.height - height + 1), x = stream.below(frame.width - width + 1);
    return {x, y, width, height};
  }
  return {};
}

void erase(LabelledSample& sample, const PixelWindow& rectangle, const RasterSize& frame,
           const SensorContracts& sensors) {
  for (const Modality modality : kModalities) {
    if (!sample.images[modality]) continue;
    ImageSeries& series = sample.images[modality]->series;
    // Coarser pixels go where their middle lies in the rectangle.
    const auto edge = [](int64_t position, int64_t raster, int64_t of) {
      return (2 * position * raster + of) / (2 * of);
    };
    const int64_t height = series.values.size(2), width = series.values.size(3);
    const int64_t top = edge(rectangle.y, height, frame.height), left = edge(rectangle.x, width, frame.width);
    const int64_t rows = edge(rectangle.y + rectangle.height, height, frame.height) - top,
                  columns = edge(rectangle.x + rectangle.width, width, frame.width) - left;
    series.values = series.values.clone();
    const auto hole = series.values.narrow(2, top, rows).narrow(3, left, columns);
    const auto invalid = series.valid.narrow(1, top, rows).narrow(2, left, columns).logical_not();
    for (int64_t band = 0; band < hole.size(1); ++band) {
      hole.select(1, band).fill_(sensors[modality]->bands[static_cast<size_t>(band)].mean).masked_fill_(invalid, 0);
    }
  }
}

LabelledSample read_augmented(const LabelledDataset& dataset, int64_t number, const FrameOptions& options,
                              const TaskAugmentOptions& augment, const PerModality<bool>& modalities,
                              const SampleKey& key) {
  // A stream each: a change of one augmentation leaves the draws of the others alone.
  const auto stream_of = [&](const char* purpose) { return RandomStream(key.seed, key.epoch, key.sample, purpose); };
  RandomStream frames = stream_of("task frame"), flips = stream_of("task flip"), turns = stream_of("task turn"),
               holes = stream_of("task erasing");

  const DrawnFrame drawn =
      draw_frame(dataset, number, frame_grid(dataset, number, modalities), options, augment, frames);
  const bool labelled = drawn.labels.label.defined();
  LabelledSample sample =
      dataset.get(number, {.window = drawn.frame.window, .modalities = modalities, .label = !labelled});
  if (labelled) {
    sample.label = drawn.labels.label;
    sample.label_dates = drawn.labels.label_dates;
  }
  fit_to_frame(sample, drawn.frame);
  if (flips.chance(augment.horizontal_flip)) mirror_sample(sample, drawn.frame.padded, -1);
  if (flips.chance(augment.vertical_flip)) mirror_sample(sample, drawn.frame.padded, -2);
  if (turns.chance(augment.quarter_turn))
    turn_sample_quarters(sample, drawn.frame.padded, draw_quarters(drawn.frame.padded, turns));
  if (turns.chance(augment.rotation)) {
    constexpr double kRadians = std::numbers::pi / 180;
    turn_sample(sample, drawn.frame.padded, kRadians * turns.uniform(-augment.rotation_deg, augment.rotation_deg),
                dataset.description().oriented);
  }
  const PixelWindow hole = draw_erased(drawn.frame.padded, augment, holes);
  if (hole.pixels() > 0) erase(sample, hole, drawn.frame.padded, dataset.description().sensors);
  return sample;
}

}  // namespace skysense
