#include "data/date_sampling.h"

#include <algorithm>

namespace skysense {

std::vector<int64_t> draw_dates(int64_t available, int64_t window, int64_t wanted, RandomStream& stream) {
  const int64_t span = std::min(available, std::max(window, wanted));
  const int64_t start = stream.below(available - span + 1);
  std::vector<int64_t> drawn;
  // Selection sampling (Knuth 3.4.2 S): in order, every subset equally likely.
  for (int64_t i = 0, left = std::min(wanted, span); i < span && left > 0; ++i) {
    if (stream.below(span - i) < left) {
      drawn.push_back(start + i);
      --left;
    }
  }
  return drawn;
}

int64_t jitter_day(int64_t day_of_year, int64_t jitter, RandomStream& stream) {
  if (day_of_year == 0 || jitter == 0) return day_of_year;
  constexpr int64_t kYear = 365;
  const int64_t shift = stream.below(2 * jitter + 1) - jitter;
  return (std::min(day_of_year, kYear) - 1 + shift + kYear) % kYear + 1;
}

}  // namespace skysense
