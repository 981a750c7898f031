#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "core/modality.h"

namespace skysense {

/// What a fine-tuned network answers with.
enum class TaskKind {
  kScene,           ///< one class a scene
  kSceneLabels,     ///< several classes a scene, yes or no each
  kMap,             ///< a class a pixel
  kChange,          ///< 0 unchanged, 1 changed a pixel, between two times
  kSemanticChange,  ///< a class a pixel at each of two times
  kBoxes            ///< objects: a box with a class each
};

/// The losses of Tables 6 and 8 and of the tasks of Tables 4 and 7.
enum class TaskLoss {
  kCrossEntropy,         ///< one of K classes
  kBinaryCrossEntropy,   ///< one logit, yes or no (Table 6, OSCD)
  kMultiLabelSoftMargin  ///< K answers yes or no (Table 8, BEN-MM)
};

/// "scene", "scene labels", "map", "change", "semantic change" or "boxes": the spelling in task.json.
std::string_view task_kind_name(TaskKind kind);
/// "cross-entropy", "binary-cross-entropy" or "multi-label-soft-margin": the spelling in recipes and task.json.
std::string_view task_loss_name(TaskLoss loss);
/// The inverse. Throws UsageError that lists the names.
TaskLoss parse_task_loss(std::string_view name);

/// What a fine-tuned network is for, without its weights: enough to apply it where the data set is not.
struct TaskDescription {
  std::string recipe;   ///< name of the recipe, or empty
  std::string dataset;  ///< name of the reader that it was trained on
  TaskKind kind = TaskKind::kScene;
  std::vector<std::string> classes;
  std::vector<std::array<uint8_t, 3>> colours;  ///< one a class, or empty
  TaskLoss loss = TaskLoss::kCrossEntropy;      ///< one class of several (softmax), or yes and no (sigmoid)
  std::vector<Modality> modalities;             ///< that the network takes, in the order hr, ms, sar
  PerModality<int64_t> dates = {{{1, 1, 1}}};   ///< images of a modality and time that it takes at most
  Modality output = Modality::kHr;              ///< on whose pixel grid the labels lie
  int64_t tile = 0;                             ///< side of what it was trained on, in pixels of `output`
  bool oriented = false;                        ///< of kBoxes: whether boxes are turned with the objects
  /// Pixels of a modality for one of `output`, along a side: 8 or 0.125; 1 for `output`, 0 for what it does not take.
  PerModality<double> pixels_per_output = {{{0, 0, 0}}};

  /// Outputs of the network for a pixel or scene: 1 for the binary cross-entropy, else one a class. Boxes have their
  /// own.
  int64_t logits() const { return loss == TaskLoss::kBinaryCrossEntropy ? 1 : static_cast<int64_t>(classes.size()); }
};

/// File of a checkpoint that holds the description (docs/formats.md).
inline constexpr const char* kTaskFile = "task.json";

/// Reading throws DataError that begins with `origin`.
std::string format_task_description(const TaskDescription& task);
TaskDescription parse_task_description(const std::string& text, const std::string& origin);

}  // namespace skysense
