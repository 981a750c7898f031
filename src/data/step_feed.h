#pragma once

#include <ATen/Parallel.h>
#include <c10/util/Exception.h>

#include <chrono>
#include <exception>
#include <functional>
#include <latch>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include "core/ordered_queue.h"
#include "data/loader.h"

namespace skysense {

/// Threads that prepare the steps of a loader in order. `Step` is what a step is made of.
template <class Step>
class StepFeed {
 public:
  /// `prepare` makes the step of a number, in several threads at once.
  StepFeed(const LoaderOptions& options, std::function<Step(int64_t)> prepare)
      : prepare_(std::move(prepare)), queue_(options.first_step, options.ahead), started_(options.workers) {
    TORCH_CHECK_VALUE(options.batch_size > 0 && options.micro_batches > 0 &&
                          options.batch_size % options.micro_batches == 0 && options.workers > 0 && options.rank >= 0 &&
                          options.rank < options.world_size,
                      "loader: batch ", options.batch_size, ", workers ", options.workers, ", rank ", options.rank,
                      " of ", options.world_size);
    // One worker is one thread: the team of threads that ATen would start in each of them only costs. ATen's setter
    // also changes what later threads inherit, so the caller's number is set again once all workers have theirs.
    const int callers_threads = at::get_num_threads();
    for (int64_t i = 0; i < options.workers; ++i) {
      threads_.emplace_back([this] {
        at::set_num_threads(1);
        started_.count_down();
        work();
      });
    }
    started_.wait();
    at::set_num_threads(callers_threads);
  }

  ~StepFeed() {
    queue_.close();
    for (std::thread& thread : threads_) thread.join();
  }
  StepFeed(const StepFeed&) = delete;
  StepFeed& operator=(const StepFeed&) = delete;

  /// The next step; rethrows what its worker threw.
  Step next() {
    const auto asked = Clock::now();
    Step step = queue_.next();
    const auto served = Clock::now();
    if (first_served_) {
      waited_ += served - asked;
    } else {
      first_served_ = served;  // filling the queue for the first step is start-up, not a lag
    }
    last_served_ = served;
    return step;
  }

  /// The share of the time since the first next() that next() spent waiting, in [0, 1].
  double waiting_share() const {
    if (!first_served_ || last_served_ == *first_served_) return 0;
    const std::chrono::duration<double> waited = waited_, total = last_served_ - *first_served_;
    return waited / total;
  }

 private:
  using Clock = std::chrono::steady_clock;

  void work() {
    while (const auto step = queue_.claim()) {
      try {
        queue_.deliver(*step, prepare_(*step));
      } catch (...) {
        queue_.fail(*step, std::current_exception());
      }
    }
  }

  const std::function<Step(int64_t)> prepare_;
  OrderedQueue<Step> queue_;
  std::latch started_;
  Clock::duration waited_{};
  std::optional<Clock::time_point> first_served_;
  Clock::time_point last_served_;
  std::vector<std::thread> threads_;  // last: the threads use all of the above
};

}  // namespace skysense
