#pragma once

#include <cstdint>
#include <vector>

#include "core/random.h"

namespace skysense {

/// Which images of a series a place's views show: a random window of `window` consecutive ones (paper App. C), and `wanted`
/// of those (sec. 4.1), in order. A shorter series gives all that it has.
std::vector<int64_t> draw_dates(int64_t available, int64_t window, int64_t wanted, RandomStream& stream);

/// A day of the year moved by up to `jitter` days either way around a year of 365 days. An undated image (0) stays so.
int64_t jitter_day(int64_t day_of_year, int64_t jitter, RandomStream& stream);

}  // namespace skysense
