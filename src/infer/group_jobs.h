#pragma once

#include <ATen/Parallel.h>
#include <c10/core/InferenceMode.h>

#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/ordered_queue.h"
#include "infer/read_ahead.h"

namespace skysense {

/// Computes batches of tiles on `jobs` threads of its own, and hands the results out in the order of the batches. Each
/// is one thread's work from its region to its result, so that its values do not depend on how many there are. At most
/// as many results as there are jobs are in the making or waiting.
template <class Result>
class GroupJobs {
 public:
  /// Called from all of the threads, in inference mode, with one thread's share of LibTorch's.
  using Compute = std::function<Result(const ReadGroup&)>;

  /// `reader` must outlive it.
  GroupJobs(GroupSource groups, int64_t jobs, const Tiling& tiling, const CellWindow& counted, RegionReader& reader,
            Compute compute)
      : compute_(std::move(compute)), ahead_(std::move(groups), tiling, counted, reader), results_(0, jobs) {
    for (int64_t i = 0; i < jobs; ++i) threads_.emplace_back([this] { work(); });
  }
  ~GroupJobs() {
    results_.close();
    ahead_.stop();
    for (std::thread& thread : threads_) thread.join();
  }
  GroupJobs(const GroupJobs&) = delete;
  GroupJobs& operator=(const GroupJobs&) = delete;

  /// The next batch's; what the reader or `compute` threw is thrown here.
  Result next() { return results_.next(); }

 private:
  void work() {
    at::init_num_threads();  // the number of threads of operators is a thread's own
    const c10::InferenceMode inference;
    while (true) {
      std::optional<int64_t> ticket;
      try {
        std::optional<ReadGroup> read;
        {
          const std::lock_guard lock(reading_);
          ticket = results_.claim();
          if (!ticket) return;
          read = ahead_.next();
        }
        if (!read) return;
        results_.deliver(*ticket, compute_(*read));
      } catch (...) {
        // One failure ends the run: the consumer meets it when its turn comes.
        results_.fail(*ticket, std::current_exception());
        return;
      }
    }
  }

  const Compute compute_;
  ReadAhead ahead_;
  std::mutex reading_;  // tickets are claimed in the order in which regions are taken
  OrderedQueue<Result> results_;
  std::vector<std::thread> threads_;  // last: they use all of the above
};

}  // namespace skysense
