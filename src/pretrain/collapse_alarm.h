#pragma once

#include <map>
#include <string>

#include "engine/run_log.h"

namespace skysense {

/// Warns when the targets of a learning head tell nothing of the ground any more, for some logged steps in a row: when
/// they are alike for all of it, be they one output, all outputs or anything between. What they tell is the entropy of
/// their mean less their mean entropy (the mutual information of ground and output), from the logged "kl.<head>" and
/// "entropy.<head>": log K - kl - entropy. Less than 1% of log K is nothing.
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
