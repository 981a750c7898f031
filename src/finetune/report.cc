#include "finetune/report.h"

#include <fmt/format.h>

#include <string>
#include <vector>

#include "eval/metrics.h"
#include "viz/calibration_picture.h"
#include "viz/class_picture.h"
#include "viz/confusion_picture.h"
#include "viz/precision_recall_picture.h"

namespace skysense {
namespace {

constexpr size_t kMostClassesInPicture = 64;

std::string percent(const std::optional<double>& share) { return share ? fmt::format("{:.2f}", 100 * *share) : "-"; }

ReportTable object_rows(const ObjectScores& objects) {
  const CocoScores coco = objects.coco();
  const ObjectPrecision eleven = objects.precision(PrecisionArea::kElevenPoints),
                        all = objects.precision(PrecisionArea::kAllPoints);
  ReportTable table{
      .title = "Classes",
      .header = {"class", "objects", "mAP %", "AP50 %", "AP75 %", "small", "medium", "large", "VOC07 %", "VOC %"},
      .rows = {}};
  for (size_t k = 0; k < objects.classes().size(); ++k) {
    const CocoScores::OfClass& own = coco.classes[k];
    table.rows.push_back({objects.classes()[k], fmt::format("{}", objects.curve(static_cast<int64_t>(k)).objects),
                          percent(own.map), percent(own.map50), percent(own.map75), percent(own.small),
                          percent(own.medium), percent(own.large), percent(eleven.classes[k]),
                          percent(all.classes[k])});
  }
  return table;
}

/// Of the classes that have objects, at an overlap of 0.5.
Picture object_curves(const ObjectScores& objects, const TaskDescription& task) {
  const auto colours = class_colours(static_cast<int64_t>(task.classes.size()), task.colours);
  std::vector<PrecisionRecallLine> lines;
  for (size_t k = 0; k < task.classes.size(); ++k) {
    const PrecisionRecall curve = objects.curve(static_cast<int64_t>(k));
    if (curve.objects == 0) continue;
    lines.push_back({.name = task.classes[k], .colour = colours[k], .points = {}});
    for (size_t i = 0; i < curve.recall.size(); ++i)
      lines.back().points.emplace_back(curve.recall[i], curve.precision[i]);
  }
  return precision_recall_picture(lines, "Precision and recall");
}

ReportTable class_rows(const TaskScores& scores, const TaskDescription& task) {
  if (scores.objects()) return object_rows(*scores.objects());
  if (const auto ranked = scores.precision()) {
    ReportTable table{.title = "Classes", .header = {"class", "average precision %"}, .rows = {}};
    for (size_t i = 0; i < task.classes.size(); ++i)
      table.rows.push_back({task.classes[i], percent(ranked->classes.at(i))});
    return table;
  }
  const ClassificationScores all = scores_of(*scores.confusion());
  ReportTable table{
      .title = "Classes", .header = {"class", "samples", "accuracy %", "precision %", "F1 %", "IoU %"}, .rows = {}};
  for (size_t i = 0; i < task.classes.size(); ++i) {
    const ClassScores& one = all.classes.at(i);
    table.rows.push_back({task.classes[i], fmt::format("{}", one.samples), percent(one.accuracy),
                          percent(one.precision), percent(one.f1), percent(one.iou)});
  }
  return table;
}

}  // namespace

void add_scores(ReportContent& content, const TaskScores& scores, const TaskDescription& task) {
  ReportTable metrics{.title = "Metrics", .header = {"metric", "%"}, .rows = {}};
  for (const auto& [name, value] : scores.values()) metrics.rows.push_back({name, percent(value)});
  content.tables.push_back(metrics);
  content.tables.push_back(class_rows(scores, task));
  if (scores.calibration().count() > 0) {
    content.pictures.push_back(
        {.title = "Calibration",
         .caption = "How often answers are right against how sure the network is; the orange part is the gap.",
         .picture = calibration_picture(scores.calibration(), "Calibration")});
  }
  if (scores.objects()) {
    content.pictures.push_back({.title = "Precision over recall",
                                .caption = "Of every class as the score that is asked for falls, at an overlap of 0.5.",
                                .picture = object_curves(*scores.objects(), task)});
  }
  const auto confusion = scores.confusion();
  if (!confusion || task.classes.size() > kMostClassesInPicture) return;
  std::vector<std::vector<int64_t>> counts;
  for (int64_t truth = 0; truth < confusion->classes(); ++truth) {
    counts.emplace_back();
    for (int64_t predicted = 0; predicted < confusion->classes(); ++predicted)
      counts.back().push_back(confusion->count(truth, predicted));
  }
  content.pictures.push_back({.title = "Confusion matrix",
                              .caption = "Rows are the truth, columns the prediction.",
                              .picture = confusion_picture(counts, task.classes, "Confusion matrix")});
}

void write_finetune_report(const std::filesystem::path& folder, const TaskRun& run,
                           const std::optional<TaskScores>& scores, const std::vector<ReportPicture>& pictures) {
  const FinetuneOptions& options = run.options;
  const auto number = [](auto value) { return fmt::format("{}", value); };
  ReportContent content{.title = fmt::format("Fine-tuning: {}", folder.filename().string()),
                        .summary = fmt::format("{} on {}: a {} task (SkySense V2, section 4.2 and Appendix D).",
                                               run.recipe.empty() ? "Fine-tuning" : run.recipe, run.setup.task.dataset,
                                               task_kind_name(run.setup.task.kind)),
                        .tables = {{.title = "Settings",
                                    .header = {"setting", "value"},
                                    .rows = {{"head", options.task.head},
                                             {"training samples", number(run.training.size())},
                                             {"validation samples", number(run.validation.size())},
                                             {"steps", number(options.train.steps)},
                                             {"batch size", number(options.train.batch_size)},
                                             {"learning rate", fmt::format("{}, {}", options.train.schedule.lr,
                                                                           options.train.schedule.schedule)},
                                             {"layer-wise decay", number(options.train.layer_decay)},
                                             {"loss", run.setup.task.kind == TaskKind::kBoxes
                                                          ? "of proposals and of the head, each of class and box"
                                                          : std::string(task_loss_name(run.setup.task.loss))},
                                             {"seed", number(options.seed)}}}},
                        .curves = curves_of_log(folder / "log.jsonl"),
                        .pictures = {}};
  if (scores && scores->size() > 0) add_scores(content, *scores, run.setup.task);
  content.pictures.insert(content.pictures.end(), pictures.begin(), pictures.end());
  write_report(folder / "report.html", content);
}

}  // namespace skysense
