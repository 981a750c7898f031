#pragma once

#include <map>
#include <string>

#include "engine/run_log.h"

namespace skysense {

/// Warns when the targets of a learning head tell nothing any more: when for some logged steps in a row their mean
/// entropy, logged as "entropy.<head>", is below 5% of log K (all ground is the same class) or within 1% of log K
/// (every class is as good).
class CollapseAlarm {
 public:
  /// `outputs` is K; `patience` the logged steps in a row.
  CollapseAlarm(int64_t outputs, int64_t patience) : outputs_(outputs), patience_(patience) {}
  /// Looks at the values of one logged step; warns through the log, once until the head recovers. Returns the number of
  /// heads that are collapsed.
  int64_t observe(int64_t step, const LogValues& values);

 private:
  const int64_t outputs_, patience_;
  std::map<std::string, int64_t> in_a_row_;  ///< by the value's name
};

}  // namespace skysense
