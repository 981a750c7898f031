#include "finetune/task_scores.h"

#include <ATen/ops/arange.h>
#include <ATen/ops/tensor.h>
#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <limits>
#include <nlohmann/json.hpp>
#include <span>
#include <utility>

#include "core/error.h"
#include "eval/metrics.h"
#include "eval/score_table.h"

namespace skysense {
namespace {

/// The sum of the images' matrices, each as often as drawn.
Confusion sum_of(const std::vector<Confusion>& images, int64_t classes) {
  Confusion sum(classes);
  for (const Confusion& image : images) sum.merge(image);
  return sum;
}

double score_of(const Confusion& confusion, TaskKind kind) {
  if (kind == TaskKind::kChange) return binary_scores(confusion).f1;
  const ClassificationScores scores = scores_of(confusion);
  return kind == TaskKind::kScene ? scores.overall_accuracy : scores.mean_iou;
}

/// 0 stands for what no object can be found of.
LogValues values_of(const ObjectScores& objects) {
  const CocoScores coco = objects.coco();
  LogValues values = {
      {"map50", coco.map50.value_or(0)}, {"map75", coco.map75.value_or(0)}, {"map", coco.map.value_or(0)}};
  for (const auto& [name, value] :
       {std::pair{"map_small", coco.small}, std::pair{"map_medium", coco.medium}, std::pair{"map_large", coco.large}}) {
    if (value) values.emplace_back(name, *value);
  }
  values.emplace_back("voc07", objects.precision(PrecisionArea::kElevenPoints).mean);
  values.emplace_back("voc", objects.precision(PrecisionArea::kAllPoints).mean);
  return values;
}

}  // namespace

std::string main_metric(TaskKind kind) {
  switch (kind) {
    case TaskKind::kScene:
      return "oa";
    case TaskKind::kSceneLabels:
      return "map";
    case TaskKind::kMap:
      return "miou";
    case TaskKind::kChange:
      return "f1";
    case TaskKind::kSemanticChange:
      return "scs";
    case TaskKind::kBoxes:
      return "map50";
  }
  return "";
}

TaskScores::TaskScores(const TaskDescription& task, int64_t most_boxes)
    : task_(task), ranking_(static_cast<int64_t>(task.classes.size())) {
  const int64_t most = most_boxes > 0 ? most_boxes : std::numeric_limits<int64_t>::max();
  if (task.kind == TaskKind::kBoxes)
    objects_.emplace(task.classes, std::array{int64_t{1}, std::min<int64_t>(10, most), most});
}

void TaskScores::add_scenes(const torch::Tensor& logits, const torch::Tensor& labels) {
  const auto scores = logits.to(at::kCPU, at::kFloat);
  if (task_.kind == TaskKind::kSceneLabels) {
    ranking_.add(scores, labels.to(at::kBool));
    return;
  }
  const auto truth = labels.cpu();
  top_k_.add(scores, truth);
  const auto predicted = scores.argmax(1), confidence = std::get<0>(scores.softmax(1).max(1));
  for (int64_t i = 0; i < truth.size(0); ++i) {
    if (truth[i].item<int64_t>() == kIgnored) continue;
    scenes_.emplace_back(truth[i].item<int64_t>(), predicted[i].item<int64_t>());
    calibration_.add(confidence[i].item<double>(), scenes_.back().first == scenes_.back().second);
  }
}

void TaskScores::add_map(const torch::Tensor& truth, const torch::Tensor& predicted) {
  images_.emplace_back(static_cast<int64_t>(task_.classes.size()));
  add_pairs(images_.back(), truth, predicted);
}

void TaskScores::add_change(const torch::Tensor& truth, const torch::Tensor& predicted) {
  changes_.emplace_back(static_cast<int64_t>(task_.classes.size()));
  changes_.back().add_series(truth, predicted);
}

void TaskScores::add_objects(int64_t image, const DetectedImage& detected) {
  objects_.value().add(image, detected);
  ++object_images_;
}

int64_t TaskScores::size() const {
  if (objects_) return object_images_;
  if (task_.kind == TaskKind::kSceneLabels) return ranking_.truth().size(0);
  return static_cast<int64_t>(task_.kind == TaskKind::kScene ? scenes_.size() : images_.size());
}

std::optional<Confusion> TaskScores::confusion() const {
  if (task_.kind == TaskKind::kSceneLabels || objects_) return std::nullopt;
  const auto classes = static_cast<int64_t>(task_.classes.size());
  if (task_.kind != TaskKind::kScene) return sum_of(images_, classes);
  Confusion confusion(classes);
  for (const auto& [truth, predicted] : scenes_) confusion.add(std::array{truth}, std::array{predicted});
  return confusion;
}

std::optional<MultiLabelPrecision> TaskScores::precision() const {
  if (task_.kind != TaskKind::kSceneLabels) return std::nullopt;
  return ranking_.precision();
}

LogValues TaskScores::values() const {
  if (size() == 0) return {};
  if (objects_) return values_of(*objects_);
  if (const auto ranked = precision()) return {{"map", ranked->macro}, {"map_micro", ranked->micro}};
  LogValues values;
  const Confusion all = *confusion();
  const ClassificationScores scores = scores_of(all);
  if (task_.kind == TaskKind::kChange) {
    const BinaryScores change = binary_scores(all);
    values = {{"f1", change.f1}, {"precision", change.precision}, {"recall", change.recall}, {"iou", change.iou}};
  }
  if (!changes_.empty()) {
    SemanticChange sum(static_cast<int64_t>(task_.classes.size()));
    for (const SemanticChange& change : changes_) sum.merge(change);
    const SemanticChangeScores change = sum.scores();
    values = {{"scs", change.scs}, {"bc", change.binary_change}, {"sc", change.semantic_change}};
  }
  values.insert(values.end(), {{"oa", scores.overall_accuracy},
                               {"mean_class_accuracy", scores.mean_class_accuracy},
                               {"macro_f1", scores.macro_f1},
                               {"miou", scores.mean_iou}});
  if (task_.kind == TaskKind::kScene) {
    const auto accuracies = top_k_.accuracies();
    values.insert(values.end(), {{"top1", accuracies[0]}, {"top5", accuracies[1]}});
  }
  return values;
}

double TaskScores::value(const std::string& metric) const {
  std::string names;
  for (const auto& [name, value] : values()) {
    if (name == metric) return value;
    names += fmt::format("{}{}", names.empty() ? "" : ", ", name);
  }
  throw UsageError(fmt::format("eval.metric {}: the task is measured by {}", metric, names));
}

ConfidenceInterval TaskScores::interval(const BootstrapOptions& options) const {
  if (objects_) return objects_->interval(PrecisionArea::kAllPoints, options);
  if (task_.kind == TaskKind::kSceneLabels) {
    const auto scores = ranking_.scores(), truth = ranking_.truth();
    return bootstrap(
        size(),
        [&](std::span<const int64_t> drawn) {
          const auto rows =
              at::arange(scores.size(0))
                  .repeat_interleave(at::tensor(std::vector<int64_t>(drawn.begin(), drawn.end()), at::kLong));
          MultiLabelRanking again(scores.size(1));
          again.add(scores.index_select(0, rows), truth.index_select(0, rows));
          return again.precision().macro;
        },
        options);
  }
  if (task_.kind == TaskKind::kScene) {
    return bootstrap(
        size(),
        [&](std::span<const int64_t> drawn) {
          int64_t right = 0;
          for (size_t i = 0; i < scenes_.size(); ++i) right += scenes_[i].first == scenes_[i].second ? drawn[i] : 0;
          return static_cast<double>(right) / static_cast<double>(scenes_.size());
        },
        options);
  }
  if (task_.kind == TaskKind::kSemanticChange) {
    return bootstrap(
        static_cast<int64_t>(changes_.size()),
        [&](std::span<const int64_t> drawn) {
          SemanticChange sum(static_cast<int64_t>(task_.classes.size()));
          for (size_t i = 0; i < changes_.size(); ++i) {
            for (int64_t n = 0; n < drawn[i]; ++n) sum.merge(changes_[i]);
          }
          return sum.scores().scs;
        },
        options);
  }
  return bootstrap(
      std::span<const Confusion>(images_), [&](const Confusion& sum) { return score_of(sum, task_.kind); }, options);
}

nlohmann::json TaskScores::to_json(const std::optional<BootstrapOptions>& options) const {
  nlohmann::json json = {{"metric", main_metric(task_.kind)}, {"samples", size()}};
  for (const auto& [name, value] : values()) json[name] = value;
  if (objects_) {
    json.update(objects_->to_json());
  } else if (const auto ranked = precision()) {
    for (size_t i = 0; i < ranked->classes.size(); ++i) {
      const auto& value = ranked->classes[i];
      json["per_class"].push_back({{"class", task_.classes.at(i)}, {"ap", value ? nlohmann::json(*value) : nullptr}});
    }
  } else {
    json["per_class"] = scores_to_json(scores_of(*confusion()), task_.classes)["per_class"];
    json["confusion"] = confusion()->counts();
  }
  if (options && size() > 0) {
    const ConfidenceInterval interval = this->interval(*options);
    json["interval"] = {{"low", interval.low},
                        {"high", interval.high},
                        {"standard_error", interval.standard_error},
                        {"confidence", options->confidence},
                        {"resamples", options->resamples}};
    if (objects_) json["interval"]["of"] = "voc";
  }
  return json;
}

std::string TaskScores::table() const {
  if (objects_) return objects_->table();
  const auto ranked = precision();
  if (!ranked) return class_table(scores_of(*confusion()), task_.classes);
  std::string text = fmt::format("{:<32} {:>8}\n", "class", "AP %");
  for (size_t i = 0; i < ranked->classes.size(); ++i) {
    const auto& value = ranked->classes[i];
    text += fmt::format("{:<32} {:>8}\n", task_.classes.at(i), value ? fmt::format("{:.2f}", 100 * *value) : "-");
  }
  return text + fmt::format("{:<32} {:>8.2f}\n", "mAP", 100 * ranked->macro);
}

}  // namespace skysense
