#include "finetune/object_evaluation.h"

#include <algorithm>
#include <utility>

#include "core/error.h"
#include "core/progress.h"
#include "detection/merge_tiles.h"
#include "finetune/detected_objects.h"
#include "finetune/evaluation_batches.h"

namespace skysense {
namespace {

/// An image on its way: its tiles are filled as the network answers.
struct Image {
  int64_t number = 0;
  ObjectLabels truth;
  ImageSize size{};
  std::vector<PixelWindow> windows;
  std::vector<TileDetections> tiles;
};

Image open_image(const TaskEvaluation& what, int64_t number, const PerModality<bool>& modalities) {
  LabelledSample labels = what.dataset.get(number, {.modalities = {{false, false, false}}});
  if (!labels.objects) throw DataError(labels.entry.name + ": has no labels to compare with");
  Image image{.number = number, .truth = std::move(*labels.objects), .size = {}, .windows = {}, .tiles = {}};
  const FrameGrid grid = frame_grid(what.dataset, number, modalities);
  image.size = {.height = grid.extent.height, .width = grid.extent.width};
  for (const EvaluationTile& tile : evaluation_tiles(grid, what.frame.side, what.eval.overlap)) {
    image.windows.push_back(tile.window);
    const auto left = static_cast<double>(tile.window.x), top = static_cast<double>(tile.window.y);
    image.tiles.push_back({.bounds = {left, top, left + static_cast<double>(tile.window.width),
                                      top + static_cast<double>(tile.window.height)},
                           .found = {}});
  }
  return image;
}

/// The network over all tiles of some images; small images share batches.
void detect(TaskNetwork& network, const TaskEvaluation& what, std::vector<Image>& images,
            const PerModality<bool>& modalities) {
  std::vector<std::pair<Image*, size_t>> tiles;
  for (Image& image : images) {
    for (size_t i = 0; i < image.tiles.size(); ++i) tiles.emplace_back(&image, i);
  }
  EvaluationBatches batches(network, what);
  const auto all = static_cast<int64_t>(tiles.size());
  for (int64_t first = 0; first < all; first += what.readers) {
    const int64_t count = std::min(what.readers, all - first);
    const auto samples = read_all(count, what.readers, [&](int64_t i) {
      const auto& [image, tile] = tiles[static_cast<size_t>(first + i)];
      return what.dataset.get(image->number,
                              {.window = image->windows[tile], .modalities = modalities, .label = false});
    });
    for (int64_t i = 0; i < count; ++i) {
      const auto [image, tile] = tiles[static_cast<size_t>(first + i)];
      TileDetections& into = image->tiles[tile];
      batches.add(prepare_sample(samples[static_cast<size_t>(i)], what.setup, 0, nullptr),
                  [&into](const TaskAnswer& answer) { into.found = answer.objects; });
    }
  }
  batches.run();
}

}  // namespace

void evaluate_objects(TaskNetwork& network, const TaskEvaluation& what, TaskScores& scores,
                      const ObserveObjects& observe) {
  const TaskDescription& task = what.setup.task;
  const auto modalities = modality_flags(task.modalities);
  const bool turned = what.dataset.description().oriented;
  if (what.eval.oriented && !turned) {
    throw UsageError(what.dataset.description().name +
                     ": eval.oriented wants turned boxes, and the labels are read as upright ones: set "
                     "data.options.boxes=oriented");
  }
  const bool by_turned = turned && (task.oriented || what.eval.oriented);
  const auto all = static_cast<int64_t>(what.samples.size());
  Progress progress("evaluate", all, "images");
  for (int64_t first = 0; first < all; first += what.eval.batch) {
    const int64_t count = std::min(what.eval.batch, all - first);
    std::vector<Image> images;
    for (int64_t i = 0; i < count; ++i)
      images.push_back(open_image(what, what.samples[static_cast<size_t>(first + i)], modalities));
    detect(network, what, images, modalities);
    for (const Image& image : images) {
      const Detections found = merge_tiles(image.tiles, image.size);
      scores.add_objects(image.number, detected_objects(image.truth, found, by_turned));
      if (observe) observe(image.number, image.truth, found);
    }
    progress.update(first + count);
  }
  progress.finish();
}

}  // namespace skysense
