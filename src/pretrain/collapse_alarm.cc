#include "pretrain/collapse_alarm.h"

#include <cmath>

#include "core/log.h"

namespace skysense {

int64_t CollapseAlarm::observe(int64_t step, const LogValues& values) {
  constexpr double kLow = 0.05, kHigh = 0.99;
  const double most = std::log(static_cast<double>(outputs_));
  int64_t collapsed = 0;
  for (const auto& [name, entropy] : values) {
    if (!name.starts_with("entropy.")) continue;
    int64_t& count = in_a_row_[name];
    const bool low = entropy<kLow * most, high = entropy> kHigh * most;
    count = low || high ? count + 1 : 0;
    if (count >= patience_) ++collapsed;
    if (count == patience_) {
      spdlog::warn("step {}: {} has been {:.3f} of log K for {} logged steps: its targets {}", step, name,
                   entropy / most, patience_,
                   low ? "have collapsed onto few outputs" : "say nothing, every output is as likely");
    }
  }
  return collapsed;
}

}  // namespace skysense
