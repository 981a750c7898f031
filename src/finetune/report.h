#pragma once

#include <filesystem>
#include <optional>
#include <vector>

#include "finetune/task_run.h"
#include "finetune/task_scores.h"
#include "viz/report.h"

namespace skysense {

/// Writes RUN/report.html: the curves of log.jsonl, the settings that matter, and of the last validation, where there
/// was one in this session, its metrics, the confusion matrix and `pictures` of some samples. Throws DataError.
void write_finetune_report(const std::filesystem::path& folder, const TaskRun& run,
                           const std::optional<TaskScores>& scores, const std::vector<ReportPicture>& pictures);

/// The tables and pictures of scores, for a report: metrics, one row a class, the confusion matrix; of objects the
/// curves of precision over recall.
void add_scores(ReportContent& content, const TaskScores& scores, const TaskDescription& task);

}  // namespace skysense
