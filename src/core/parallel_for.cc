#include "core/parallel_for.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace skysense {

void parallel_for(int64_t count, int64_t piece, int64_t threads, const std::function<void(int64_t, int64_t)>& work) {
  std::atomic<int64_t> next = 0;
  std::mutex mutex;
  std::exception_ptr failure;
  const auto take_pieces = [&] {
    try {
      for (int64_t begin = next.fetch_add(piece); begin < count; begin = next.fetch_add(piece))
        work(begin, std::min(begin + piece, count));
    } catch (...) {
      next = count;
      const std::lock_guard lock(mutex);
      if (!failure) failure = std::current_exception();
    }
  };
  {
    std::vector<std::jthread> others;
    const int64_t pieces = (count + piece - 1) / piece;
    for (int64_t i = 1; i < std::min(threads, pieces); ++i) others.emplace_back(take_pieces);
    take_pieces();
  }
  if (failure) std::rethrow_exception(failure);
}

}  // namespace skysense
