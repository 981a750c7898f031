#pragma once

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include "engine/event_file.h"

namespace skysense {

/// Named numbers of one step in the order in which they are logged: loss, its parts, lr, samples_per_second.
using LogValues = std::vector<std::pair<std::string, double>>;

/// A run's record: RUN/log.jsonl (a line a logged step: {"step": N, "loss": …}) and a TensorBoard event file beside it.
/// Each line is flushed when it is written. A value that is not finite is null in JSON.
class RunLog {
 public:
  /// Opens the log of a run that continues after `step` optimiser steps (0: a new run): later lines, and a line cut
  /// short by a kill, are removed, so that no step stands there twice. Throws DataError where the folder cannot be
  /// written.
  RunLog(const std::filesystem::path& run, int64_t step);
  /// `step` counts optimiser steps done. Throws DataError (full disk).
  void write(int64_t step, const LogValues& values);

 private:
  const std::filesystem::path file_;
  std::ofstream lines_;
  EventFile events_;
};

}  // namespace skysense
