#pragma once

#include <cstdint>
#include <functional>

namespace skysense {

/// Calls `work(begin, end)` for pieces of at most `piece` that together are [0, count), from `threads` threads of which
/// the caller is one. Which thread takes which piece is open: work whose pieces write apart has the same result for any
/// number of threads. The first exception of a piece is thrown on, once all threads have ended.
void parallel_for(int64_t count, int64_t piece, int64_t threads,
                  const std::function<void(int64_t begin, int64_t end)>& work);

}  // namespace skysense
