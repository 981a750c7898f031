#include "pretrain/report.h"

#include <fmt/format.h>

#include "viz/report.h"

namespace skysense {

void write_pretrain_report(const std::filesystem::path& run, const PretrainOptions& options) {
  const auto number = [](auto value) { return fmt::format("{}", value); };
  const ReportTable settings{
      .title = "Settings",
      .header = {"setting", "value"},
      .rows = {{"preset", options.preset},
               {"seed", number(options.seed)},
               {"type of matrix products", options.compute.dtype},
               {"steps", number(options.train.steps)},
               {"batch size", number(options.train.batch_size)},
               {"peak learning rate", number(options.train.schedule.lr)},
               {"views", fmt::format("{} global, {} local", options.views.global_views, options.views.local_views)},
               {"dates", fmt::format("{} MS, {} SAR", options.views.ms_dates, options.views.sar_dates)}}};
  write_report(run / "report.html",
               {.title = fmt::format("Pre-training: {}", run.filename().string()),
                .summary = "Teacher-student pre-training on geo-aligned views (SkySense V2, section 3.2).",
                .tables = {settings},
                .curves = curves_of_log(run / "log.jsonl"),
                .pictures = {}});
}

}  // namespace skysense
