#include "data/loader.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <mutex>
#include <optional>
#include <thread>
#include <unordered_set>

#include "core/error.h"
#include "core/log.h"
#include "core/ordered_queue.h"
#include "data/epoch_order.h"
#include "data/views.h"

namespace skysense {

int64_t stream_position(const LoaderOptions& options, int64_t step, int64_t i) {
  const int64_t micro_size = options.batch_size / options.micro_batches;
  const int64_t micro = i / micro_size;
  return (step * options.micro_batches + micro) * micro_size * options.world_size + options.rank * micro_size +
         i % micro_size;
}

class ViewLoader::Feed {
 public:
  Feed(const PlaceDataset& dataset, const ViewOptions& views, const AugmentOptions& augment,
       const LoaderOptions& options)
      : dataset_(dataset),
        views_(views),
        augment_(augment),
        options_(options),
        queue_(options.first_step, options.ahead),
        started_(options.workers) {
    TORCH_CHECK_VALUE(options.batch_size > 0 && options.micro_batches > 0 &&
                          options.batch_size % options.micro_batches == 0 && options.workers > 0 && options.rank >= 0 &&
                          options.rank < options.world_size,
                      "ViewLoader: batch ", options.batch_size, ", workers ", options.workers, ", rank ", options.rank,
                      " of ", options.world_size);
    if (dataset.size() < 1) throw DataError("the dataset has no places");
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

  ~Feed() {
    queue_.close();
    for (std::thread& thread : threads_) thread.join();
  }

  std::vector<ViewBatch> next() {
    const auto asked = Clock::now();
    auto batches = queue_.next();
    const auto served = Clock::now();
    if (first_served_) {
      waited_ += served - asked;
    } else {
      first_served_ = served;  // filling the queue for the first step is start-up, not a lag
    }
    last_served_ = served;
    return batches;
  }

  double waiting_share() const {
    if (!first_served_ || last_served_ == *first_served_) return 0;
    const std::chrono::duration<double> waited = waited_, total = last_served_ - *first_served_;
    return waited / total;
  }

  int64_t failures() const { return failures_; }

 private:
  using Clock = std::chrono::steady_clock;

  void work() {
    while (const auto step = queue_.claim()) {
      try {
        queue_.deliver(*step, prepare(*step));
      } catch (...) {
        queue_.fail(*step, std::current_exception());
      }
    }
  }

  std::vector<ViewBatch> prepare(int64_t step) {
    std::vector<std::vector<View>> places;
    for (int64_t i = 0; i < options_.batch_size; ++i) places.push_back(views_of(stream_position(options_, step, i)));
    std::vector<ViewBatch> batches;
    for (int64_t slot = 0; slot < views_.views(); ++slot)
      batches.push_back(collate(places, slot, dataset_.contracts(), views_));
    return batches;
  }

  /// The views at a position of the endless stream of epochs.
  std::vector<View> views_of(int64_t position) {
    const int64_t size = dataset_.size();
    const auto epoch = static_cast<uint64_t>(position / size);
    const EpochOrder order(options_.seed, epoch, size);
    std::string first_failure;
    for (int64_t skipped = 0; skipped < size; ++skipped) {
      const int64_t place = order.place((position + skipped) % size);
      try {
        const auto sample = static_cast<uint64_t>(place);
        const auto choose = [&](const auto& sizes) {
          return parts_of_views(sizes, views_, options_.seed, epoch, sample);
        };
        return make_views(dataset_.get_part(place, {choose, views_.label_cells > 0}), dataset_.contracts(), views_,
                          augment_, options_.seed, epoch, sample);
      } catch (const DataError& error) {
        if (options_.strict) throw;
        if (first_failure.empty()) first_failure = error.what();
        report(place, error.what());
      }
    }
    throw DataError(fmt::format("none of the {} places can be read; the first: {}", size, first_failure));
  }

  void report(int64_t place, const std::string& reason) {
    const std::lock_guard lock(mutex_);
    if (!failed_.insert(place).second) return;
    ++failures_;
    spdlog::warn("place {} is skipped and replaced by the next: {}", place, reason);
  }

  const PlaceDataset& dataset_;
  const ViewOptions views_;
  const AugmentOptions augment_;
  const LoaderOptions options_;
  OrderedQueue<std::vector<ViewBatch>> queue_;
  std::latch started_;
  std::mutex mutex_;
  std::unordered_set<int64_t> failed_;
  std::atomic<int64_t> failures_ = 0;
  Clock::duration waited_{};
  std::optional<Clock::time_point> first_served_;
  Clock::time_point last_served_;
  std::vector<std::thread> threads_;  // last: the threads use all of the above
};

ViewLoader::ViewLoader(const PlaceDataset& dataset, const ViewOptions& views, const AugmentOptions& augment,
                       const LoaderOptions& options)
    : feed_(std::make_unique<Feed>(dataset, views, augment, options)) {}
ViewLoader::~ViewLoader() = default;
std::vector<ViewBatch> ViewLoader::next() { return feed_->next(); }
double ViewLoader::waiting_share() const { return feed_->waiting_share(); }
int64_t ViewLoader::failures() const { return feed_->failures(); }

}  // namespace skysense
