#pragma once

#include <string>
#include <vector>

#include "engine/run_log.h"
#include "finetune/options.h"

namespace skysense {

/// A result of the paper beside ours, as shares of 1.
struct PaperResult {
  std::string metric;
  double paper = 0, ours = 0;
};

/// Those that the recipe carries for the split and that `values` (TaskScores::values) has too.
std::vector<PaperResult> beside_paper(const PaperOptions& paper, const std::string& split, const LogValues& values);

}  // namespace skysense
