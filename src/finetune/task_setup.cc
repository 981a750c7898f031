#include "finetune/task_setup.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <optional>
#include <string>

#include "core/error.h"
#include "detection/detection_options.h"
#include "finetune/band_adaptation.h"

namespace skysense {
namespace {

[[noreturn]] void refuse_head(const std::string& head, LabelKind label) {
  throw UsageError(
      fmt::format("task.head {} does not go with the data set's labels, a {} each", head, label_kind_name(label)));
}

/// What a head says of labels of a kind. Throws UsageError where they do not go together.
TaskKind kind_of(LabelKind label, const std::string& head_word) {
  if (is_detector(head_word) && label == LabelKind::kBoxes) return TaskKind::kBoxes;
  if (is_detector(head_word)) refuse_head(head_word, label);
  const HeadKind head = parse_head(head_word);
  const bool segments = head == HeadKind::kFcn || head == HeadKind::kUperNet;
  const bool changes = head == HeadKind::kBit || head == HeadKind::kUNet;
  switch (label) {
    case LabelKind::kClass:
      if (head == HeadKind::kLinear) return TaskKind::kScene;
      break;
    case LabelKind::kMultiLabel:
      if (head == HeadKind::kLinear) return TaskKind::kSceneLabels;
      break;
    case LabelKind::kMask:
      if (segments) return TaskKind::kMap;
      break;
    case LabelKind::kChangeMask:
      if (changes) return TaskKind::kChange;
      break;
    case LabelKind::kTwoMasks:
      if (head == HeadKind::kUperNetChange) return TaskKind::kSemanticChange;
      break;
    case LabelKind::kMaskSeries:
      if (segments) return TaskKind::kMap;
      if (head == HeadKind::kUperNetChange) return TaskKind::kSemanticChange;
      break;
    case LabelKind::kBoxes:  // detectors answered above
      break;
  }
  refuse_head(head_word, label);
}

/// A detector's own settings.
void set_up_boxes(const FinetuneOptions& options, const DatasetDescription& description, TaskDescription& task) {
  task.oriented = parse_detector(options.task.head) == DetectorKind::kOrientedRcnn;
  if (task.oriented && !description.oriented) {
    throw UsageError(
        fmt::format("task.head {} learns turned boxes; those of {} are upright: set data.options.boxes to "
                    "oriented where its labels allow it, or take faster-rcnn",
                    options.task.head, description.name));
  }
  if (!options.loss.kind.empty() || !options.loss.class_weights.empty())
    throw UsageError("loss.kind and loss.class_weights are not for detectors, which have losses of their own");
}

TaskLoss loss_of(const std::string& wanted, TaskKind kind, size_t classes) {
  const TaskLoss usual = kind == TaskKind::kSceneLabels ? TaskLoss::kMultiLabelSoftMargin : TaskLoss::kCrossEntropy;
  const TaskLoss loss = wanted.empty() ? usual : parse_task_loss(wanted);
  const bool several = loss == TaskLoss::kMultiLabelSoftMargin;
  if (several != (kind == TaskKind::kSceneLabels) || (loss == TaskLoss::kBinaryCrossEntropy && classes != 2)) {
    throw UsageError(fmt::format("loss.kind {} does not go with labels of {} classes, {}", task_loss_name(loss),
                                 classes,
                                 kind == TaskKind::kSceneLabels ? "several of them a sample" : "one of them each"));
  }
  return loss;
}

std::vector<Modality> modalities_of(const std::vector<std::string>& wanted, const DatasetDescription& dataset) {
  std::vector<Modality> modalities;
  for (const Modality modality : kModalities) {
    const auto name = std::string(modality_name(modality));
    const bool asked = wanted.empty() || std::ranges::find(wanted, name) != wanted.end();
    if (asked && dataset.sensors[modality]) modalities.push_back(modality);
    if (asked && !wanted.empty() && !dataset.sensors[modality])
      throw UsageError(fmt::format("data.modalities: {} has no images of {}", dataset.name, name));
  }
  for (const std::string& name : wanted) parse_modality(name);
  return modalities;
}

/// Pixels of each modality of a sample for one of the labels; 0 of those that it lacks.
PerModality<double> pixel_ratios(const LabelledDataset& dataset, int64_t number,
                                 const std::vector<Modality>& modalities) {
  const RasterSize extent = dataset.extent(number);
  const auto sizes = dataset.image_sizes(number);
  PerModality<double> ratios{};
  for (const Modality modality : modalities) {
    if (!sizes[modality]) continue;
    ratios[modality] = static_cast<double>(sizes[modality]->width) / static_cast<double>(extent.width);
  }
  return ratios;
}

/// The modality whose pixels are nearest to the labels'.
Modality output_of(const std::vector<Modality>& modalities, const PerModality<double>& ratios) {
  return *std::ranges::min_element(modalities, {},
                                   [&](Modality modality) { return std::abs(std::log(ratios[modality])); });
}

/// What the first training samples tell of all: those that it takes to see every modality.
struct SampleShape {
  PerModality<double> ratios{};  // see pixel_ratios
  int64_t side = 0;              // the shorter one, in pixels of the labels
};

SampleShape shape_of_samples(const LabelledDataset& dataset, const FinetuneOptions& options,
                             const std::vector<Modality>& modalities) {
  SampleShape shape;
  auto& ratios = shape.ratios;
  const auto all_known = [&] {
    return std::ranges::all_of(modalities, [&](Modality modality) { return ratios[modality] > 0; });
  };
  int64_t looked_at = 0;
  constexpr int64_t kMostLookedAt = 50;
  for (int64_t number = 0; number < dataset.size() && looked_at < kMostLookedAt && !all_known(); ++number) {
    const auto& splits = options.data.train_splits;
    if (std::ranges::find(splits, dataset.entry(number).split) == splits.end()) continue;
    ++looked_at;
    const RasterSize extent = dataset.extent(number);
    shape.side = std::min(extent.width, extent.height);
    const auto own = pixel_ratios(dataset, number, modalities);
    for (const Modality modality : modalities) {
      if (own[modality] > 0) ratios[modality] = own[modality];
    }
  }
  if (!all_known()) {
    throw DataError(fmt::format("{}: the first {} training samples do not show every modality that the task wants",
                                dataset.description().name, looked_at));
  }
  return shape;
}

}  // namespace

PerModality<bool> modality_flags(const std::vector<Modality>& modalities) {
  PerModality<bool> flags{};
  for (const Modality modality : modalities) flags[modality] = true;
  return flags;
}

TaskSetup set_up_task(const FinetuneOptions& options, const LabelledDataset& dataset,
                      const SensorContracts* model_contracts) {
  const DatasetDescription& description = dataset.description();
  TaskSetup setup;
  setup.label = description.label;
  TaskDescription& task = setup.task;
  task.dataset = description.name;
  task.kind = kind_of(description.label, options.task.head);
  task.classes = description.classes;
  task.colours = description.colours;
  if (task.kind == TaskKind::kBoxes) {
    set_up_boxes(options, description, task);
  } else {
    task.loss = loss_of(options.loss.kind, task.kind, task.classes.size());
  }
  task.modalities = modalities_of(options.data.modalities, description);
  if (task.modalities.empty()) throw DataError(description.name + ": the data set has no images");
  if (!options.loss.class_weights.empty() && options.loss.class_weights.size() != task.classes.size()) {
    throw UsageError(fmt::format("loss.class_weights: {} numbers for {} classes: {}", options.loss.class_weights.size(),
                                 task.classes.size(), fmt::join(task.classes, ", ")));
  }
  const bool maps = task.kind != TaskKind::kScene && task.kind != TaskKind::kSceneLabels;
  if (maps && options.data.frame.resize > 0)
    throw UsageError(
        "data.resize is for scenes; maps and objects are magnified in training by augment.min_scale and max_scale");
  if (task.kind != TaskKind::kScene && options.augment.mixup.chance > 0)
    throw UsageError("augment.mixup.chance is for scenes of one class");
  for (const Modality modality : task.modalities) {
    task.dates[modality] = options.data.dates.of(modality);
    const SensorContract& data = *description.sensors[modality];
    if (model_contracts == nullptr) {
      setup.contracts[modality] = data;
    } else if ((*model_contracts)[modality]) {
      setup.contracts[modality] = task_contract(*(*model_contracts)[modality], data);
    } else {
      throw DataError(
          fmt::format("the pre-trained model knows no {} images, which {} has: choose among data.modalities, "
                      "or take another model",
                      modality_name(modality), description.name));
    }
  }
  const SampleShape shape = shape_of_samples(dataset, options, task.modalities);
  task.pixels_per_output = shape.ratios;
  task.output = output_of(task.modalities, task.pixels_per_output);
  task.tile = options.data.frame.side > 0 ? options.data.frame.side : shape.side;
  return setup;
}

void check_dataset_fits(const TaskDescription& task, const SensorContracts& contracts,
                        const DatasetDescription& dataset) {
  if (dataset.classes != task.classes) {
    const auto [own, other] = std::ranges::mismatch(task.classes, dataset.classes);
    throw DataError(fmt::format(
        "{} has {} classes, the model {}; class {} is '{}' there and '{}' here: evaluate on data of the classes that "
        "the model was trained on",
        dataset.name, dataset.classes.size(), task.classes.size(), own - task.classes.begin(),
        other == dataset.classes.end() ? "-" : *other, own == task.classes.end() ? "-" : *own));
  }
  for (const Modality modality : task.modalities) {
    const SensorContract& wanted = *contracts[modality];
    if (!dataset.sensors[modality]) {
      throw DataError(
          fmt::format("{} has no {} images; the model takes {}", dataset.name, modality_name(modality), wanted.name));
    }
    const SensorContract& found = *dataset.sensors[modality];
    for (int64_t i = 0; i < std::max(wanted.channels(), found.channels()); ++i) {
      const std::string ours = i < wanted.channels() ? wanted.bands[static_cast<size_t>(i)].name : "-";
      const std::string theirs = i < found.channels() ? found.bands[static_cast<size_t>(i)].name : "-";
      if (ours != theirs) {
        throw DataError(
            fmt::format("{}: band {} of its {} images is {}, the model takes {} ({}): set data.options.bands",
                        dataset.name, i + 1, modality_name(modality), theirs, ours, wanted.name));
      }
    }
    if (found.quantity != wanted.quantity) {
      throw DataError(fmt::format("{}: its {} images are {}, the model takes {} ({}): convert them, or fine-tune anew",
                                  dataset.name, modality_name(modality), found.quantity, wanted.quantity, wanted.name));
    }
  }
}

}  // namespace skysense
