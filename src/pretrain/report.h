#pragma once

#include <filesystem>

#include "pretrain/options.h"

namespace skysense {

/// Writes RUN/report.html from what the run folder holds: the curves of log.jsonl and the settings that matter.
/// Throws DataError where the log cannot be read or the page not written.
void write_pretrain_report(const std::filesystem::path& run, const PretrainOptions& options);

}  // namespace skysense
