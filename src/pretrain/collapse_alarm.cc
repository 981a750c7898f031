#include "pretrain/collapse_alarm.h"

#include <cmath>

#include "core/log.h"

namespace skysense {

int64_t CollapseAlarm::observe(int64_t step, const LogValues& values) {
  constexpr double kLeast = 0.01;
  constexpr std::string_view kEntropy = "entropy.";
  const double most = std::log(static_cast<double>(outputs_));
  int64_t collapsed = 0;
  std::map<std::string, double> by_name(values.begin(), values.end());
  for (const auto& [name, entropy] : values) {
    if (!name.starts_with(kEntropy)) continue;
    const std::string head = name.substr(kEntropy.size());
    const auto kl = by_name.find("kl." + head);
    if (kl == by_name.end()) continue;
    int64_t& count = in_a_row_[head];
    count = most - kl->second - entropy < kLeast * most ? count + 1 : 0;
    if (count >= patience_) ++collapsed;
    if (count == patience_) {
      spdlog::warn(
          "step {}: the targets of {} have been alike for all ground for {} logged steps (entropy {:.2f}, kl {:.2f} "
          "of log K = {:.2f}): it has collapsed",
          step, head, patience_, entropy, kl->second, most);
    }
  }
  return collapsed;
}

}  // namespace skysense
