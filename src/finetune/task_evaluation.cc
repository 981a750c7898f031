#include "finetune/task_evaluation.h"

#include <ATen/ops/stack.h>
#include <ATen/ops/zeros.h>
#include <fmt/format.h>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "core/error.h"
#include "core/progress.h"
#include "finetune/evaluation_batches.h"
#include "finetune/object_evaluation.h"
#include "finetune/prepared_sample.h"
#include "heads/task_product.h"

namespace skysense {
namespace {

/// Where the tiles of one direction begin, and where what counts of each begins and ends.
struct Cut {
  int64_t start, length, core_start, core_end;
};

std::vector<Cut> cuts_of(int64_t length, int64_t side, double overlap, int64_t step) {
  if (side == 0 || side >= length) return {{0, length, 0, length}};
  const auto wanted = static_cast<int64_t>(static_cast<double>(side) * (1 - overlap));
  const int64_t stride = std::max(step, wanted / step * step);
  std::vector<int64_t> starts;
  for (int64_t start = 0; starts.empty() || starts.back() + side < length; start += stride)
    starts.push_back(std::min(start, length - side));
  std::vector<Cut> cuts;
  for (size_t i = 0; i < starts.size(); ++i) {
    const int64_t from = i == 0 ? 0 : (starts[i - 1] + side + starts[i]) / 2;
    const int64_t to = i + 1 == starts.size() ? length : (starts[i] + side + starts[i + 1]) / 2;
    cuts.push_back({starts[i], side, from, to});
  }
  return cuts;
}

void require_label(const LabelledSample& sample) {
  if (!sample.label.defined()) throw DataError(sample.entry.name + ": has no label to compare with");
}

void evaluate_scenes(TaskNetwork& network, const TaskEvaluation& what, TaskScores& scores) {
  const auto flags = modality_flags(what.setup.task.modalities);
  const auto all = static_cast<int64_t>(what.samples.size());
  EvaluationBatches batches(network, what);
  Progress progress("evaluate", all, "scenes");
  for (int64_t first = 0; first < all; first += what.eval.batch) {
    const int64_t count = std::min(what.eval.batch, all - first);
    const auto samples = read_all(count, what.readers, [&](int64_t i) {
      return read_middle(what.dataset, what.samples[static_cast<size_t>(first + i)], what.frame, flags);
    });
    for (const LabelledSample& sample : samples) {
      require_label(sample);
      batches.add(prepare_sample(sample, what.setup, 0, nullptr),
                  [&scores, label = sample.label](const TaskAnswer& answer) {
                    scores.add_scenes(answer.logits[0].unsqueeze(0), label.unsqueeze(0));
                  });
    }
    progress.update(first + count);
  }
  batches.run();
  progress.finish();
}

/// The classes that an image's pixels get: [moments, outputs, H, W] int16.
torch::Tensor predict_maps(TaskNetwork& network, const TaskEvaluation& what, int64_t number, int64_t moments) {
  const TaskDescription& task = what.setup.task;
  const auto flags = modality_flags(task.modalities);
  const FrameGrid grid = frame_grid(what.dataset, number, flags);
  const bool dated = what.setup.label == LabelKind::kMaskSeries || what.setup.label == LabelKind::kTwoMasks;
  const int64_t outputs = task.kind == TaskKind::kSemanticChange ? 2 : 1;
  auto maps = at::zeros({moments, outputs, grid.extent.height, grid.extent.width}, at::kShort);
  const auto tiles = evaluation_tiles(grid, what.frame.side, what.eval.overlap);
  const auto all = static_cast<int64_t>(tiles.size());
  EvaluationBatches batches(network, what);
  for (int64_t first = 0; first < all; first += what.readers) {
    const int64_t count = std::min(what.readers, all - first);
    // The whole map is compared later; of a series the tiles' labels tell the dates.
    const auto samples = read_all(count, what.readers, [&](int64_t i) {
      return what.dataset.get(
          number, {.window = tiles[static_cast<size_t>(first + i)].window, .modalities = flags, .label = dated});
    });
    for (int64_t i = 0; i < count; ++i) {
      const EvaluationTile& tile = tiles[static_cast<size_t>(first + i)];
      for (int64_t moment = 0; moment < moments; ++moment) {
        auto prepared = prepare_sample(samples[static_cast<size_t>(i)], what.setup, moment, nullptr);
        batches.add(std::move(prepared), [&, tile, moment](const TaskAnswer& answer) {
          const PixelWindow& core = tile.core;
          for (int64_t output = 0; output < outputs; ++output) {
            const auto classes =
                probabilities(answer.logits[static_cast<size_t>(output)].unsqueeze(0), task.loss).squeeze(0).argmax(0);
            maps[moment][output]
                .narrow(0, core.y, core.height)
                .narrow(1, core.x, core.width)
                .copy_(classes.narrow(0, core.y - tile.window.y, core.height)
                           .narrow(1, core.x - tile.window.x, core.width));
          }
        });
      }
    }
  }
  batches.run();
  return maps;
}

/// The last map that was evaluated.
struct Previous {
  int64_t number = -1;
  SampleEntry entry;
  std::optional<Date> date;
  torch::Tensor truth, predicted;  // [H, W]
};

/// The part of a sample's name that tells the tiles of an image apart (datasets/tiled_dataset.h), or nothing.
std::string_view tile_of(const SampleEntry& entry) {
  const size_t position = entry.name.rfind('@');
  return position == std::string::npos ? std::string_view() : std::string_view(entry.name).substr(position);
}

std::optional<Date> date_of(const LabelledSample& labels) {
  return labels.label_dates.size() == 1 ? labels.label_dates.front() : std::nullopt;
}

/// Whether a map shows the same ground as the one before it at the next date. Tiles of one image share a group as well.
bool follows(const Previous& previous, int64_t number, const LabelledSample& labels, const torch::Tensor& truth) {
  const auto date = date_of(labels);
  return !labels.entry.group.empty() && previous.entry.group == labels.entry.group && previous.number + 1 == number &&
         previous.date && date && *previous.date < *date && tile_of(previous.entry) == tile_of(labels.entry) &&
         previous.truth.sizes() == truth.sizes();
}

void evaluate_maps(TaskNetwork& network, const TaskEvaluation& what, TaskScores& scores, const ObserveMaps& observe) {
  const TaskSetup& setup = what.setup;
  Progress progress("evaluate", static_cast<int64_t>(what.samples.size()), "images");
  Previous previous;
  int64_t done = 0;
  for (const int64_t number : what.samples) {
    const LabelledSample labels = what.dataset.get(number, {.modalities = {{false, false, false}}});
    require_label(labels);
    const int64_t moments = moments_of(labels, setup);
    if (moments < 1) throw DataError(labels.entry.name + ": has too few label dates for the task");
    const auto maps = predict_maps(network, what, number, moments).to(at::kLong);
    if (setup.task.kind == TaskKind::kSemanticChange) {
      for (int64_t moment = 0; moment < moments; ++moment) {
        const auto truth = labels.label.narrow(0, moment, 2);
        scores.add_map(truth, maps[moment]);
        scores.add_change(truth, maps[moment]);
        if (observe) observe(number, truth, maps[moment]);
      }
    } else {
      const auto truth = labels.label.dim() == 3 ? labels.label : labels.label.unsqueeze(0);
      const auto predicted = maps.select(1, 0);
      scores.add_map(truth, predicted);
      if (moments > 1) scores.add_change(truth, predicted);
      if (observe) observe(number, truth, predicted);
      if (setup.task.kind == TaskKind::kMap && moments == 1 && follows(previous, number, labels, truth[0]))
        scores.add_change(at::stack({previous.truth, truth[0]}), at::stack({previous.predicted, predicted[0]}));
      previous = {number, labels.entry, date_of(labels), truth[0], predicted[0]};
    }
    progress.update(++done);
  }
  progress.finish();
}

}  // namespace

std::vector<EvaluationTile> evaluation_tiles(const FrameGrid& grid, int64_t side, double overlap) {
  std::vector<EvaluationTile> tiles;
  const auto columns = cuts_of(grid.extent.width, side, overlap, grid.step_x);
  for (const Cut& row : cuts_of(grid.extent.height, side, overlap, grid.step_y)) {
    for (const Cut& column : columns) {
      tiles.push_back(
          {{column.start, row.start, column.length, row.length},
           {column.core_start, row.core_start, column.core_end - column.core_start, row.core_end - row.core_start}});
    }
  }
  return tiles;
}

TaskScores evaluate_task(TaskNetwork& network, const TaskEvaluation& what, const EvaluationObservers& observers) {
  if (what.samples.empty()) throw DataError(what.setup.task.dataset + ": no samples to evaluate");
  const torch::NoGradGuard no_gradient;
  TaskScores scores(what.setup.task, what.eval.most_boxes);
  const TaskKind kind = what.setup.task.kind;
  if (kind == TaskKind::kScene || kind == TaskKind::kSceneLabels) {
    evaluate_scenes(network, what, scores);
  } else if (kind == TaskKind::kBoxes) {
    evaluate_objects(network, what, scores, observers.objects);
  } else {
    evaluate_maps(network, what, scores, observers.maps);
  }
  return scores;
}

std::vector<int64_t> spread_out(const std::vector<int64_t>& numbers, int64_t limit) {
  const auto all = static_cast<int64_t>(numbers.size());
  if (limit == 0 || all <= limit) return numbers;
  std::vector<int64_t> chosen;
  for (int64_t i = 0; i < limit; ++i) chosen.push_back(numbers[static_cast<size_t>(i * all / limit)]);
  return chosen;
}

}  // namespace skysense
