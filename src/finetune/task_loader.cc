#include "finetune/task_loader.h"

#include <ATen/Parallel.h>
#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <unordered_set>

#include "core/error.h"
#include "core/log.h"
#include "core/ordered_queue.h"
#include "core/random.h"
#include "data/epoch_order.h"
#include "finetune/augment.h"
#include "finetune/mixup.h"

namespace skysense {

class TaskLoader::Feed {
 public:
  Feed(const LabelledDataset& dataset, const std::vector<int64_t>& samples, const TaskSetup& setup,
       const FinetuneOptions& options, const LoaderOptions& feed)
      : dataset_(dataset),
        samples_(samples),
        setup_(setup),
        options_(options),
        modalities_(modality_flags(setup.task.modalities)),
        feed_(feed),
        queue_(feed.first_step, feed.ahead),
        started_(feed.workers) {
    TORCH_CHECK_VALUE(feed.batch_size > 0 && feed.micro_batches > 0 && feed.batch_size % feed.micro_batches == 0 &&
                          feed.workers > 0 && feed.rank >= 0 && feed.rank < feed.world_size,
                      "TaskLoader: batch ", feed.batch_size, ", workers ", feed.workers, ", rank ", feed.rank, " of ",
                      feed.world_size);
    if (samples.empty()) throw DataError("no samples to train on");
    // One worker is one thread: the team of threads that ATen would start in each of them only costs. ATen's setter
    // also changes what later threads inherit, so the caller's number is set again once all workers have theirs.
    const int callers_threads = at::get_num_threads();
    for (int64_t i = 0; i < feed.workers; ++i) {
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

  std::vector<LabelledBatch> next() {
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

  std::vector<LabelledBatch> prepare(int64_t step) {
    const int64_t micro_size = feed_.batch_size / feed_.micro_batches;
    const uint64_t purpose = mix(feed_.seed, hash_text("drop path"));
    std::vector<LabelledBatch> batches;
    for (int64_t micro = 0; micro < feed_.micro_batches; ++micro) {
      std::vector<PreparedSample> samples;
      RowKeys keys;
      for (int64_t i = micro * micro_size; i < (micro + 1) * micro_size; ++i) {
        const int64_t position = stream_position(feed_, step, i);
        samples.push_back(sample_at(position));
        keys.push_back(mix(purpose, static_cast<uint64_t>(position)));
      }
      batches.push_back(join_samples(samples, setup_, options_.task));
      batches.back().input.row_keys = std::move(keys);
    }
    return batches;
  }

  /// The sample at a position of the endless stream of epochs.
  PreparedSample sample_at(int64_t position) {
    const auto size = static_cast<int64_t>(samples_.size());
    const auto epoch = static_cast<uint64_t>(position / size);
    const EpochOrder order(feed_.seed, epoch, size);
    std::string first_failure;
    for (int64_t skipped = 0; skipped < size; ++skipped) {
      const int64_t number = samples_[static_cast<size_t>(order.place((position + skipped) % size))];
      try {
        return read(number, epoch);
      } catch (const DataError& error) {
        if (feed_.strict) throw;
        if (first_failure.empty()) first_failure = error.what();
        report(number, error.what());
      }
    }
    throw DataError(fmt::format("none of the {} training samples can be read; the first: {}", size, first_failure));
  }

  LabelledSample augmented(int64_t number, uint64_t epoch) const {
    const SampleKey key{feed_.seed, epoch, static_cast<uint64_t>(number)};
    auto sample = read_augmented(dataset_, number, options_.data.frame, options_.augment, modalities_, key);
    if (!sample.label.defined()) throw DataError(sample.entry.name + ": has no label to learn from");
    return sample;
  }

  PreparedSample read(int64_t number, uint64_t epoch) const {
    auto sample = augmented(number, epoch);
    const SampleKey key{feed_.seed, epoch, static_cast<uint64_t>(number)};
    if (const auto mixing = draw_mixing(options_.augment.mixup, static_cast<int64_t>(samples_.size()), key)) {
      const int64_t partner = samples_.at(static_cast<size_t>(mixing->partner));
      mix_samples(sample, augmented(partner, epoch), mixing->share, dataset_.description());
    }
    RandomStream stream(feed_.seed, epoch, static_cast<uint64_t>(number), "dates");
    const int64_t moments = moments_of(sample, setup_);
    if (moments < 1) throw DataError(sample.entry.name + ": has too few label dates for the task");
    return prepare_sample(sample, setup_, stream.below(moments), &stream);
  }

  void report(int64_t number, const std::string& reason) {
    const std::lock_guard lock(mutex_);
    if (!failed_.insert(number).second) return;
    ++failures_;
    spdlog::warn("sample {} is skipped and replaced by the next: {}", dataset_.entry(number).name, reason);
  }

  const LabelledDataset& dataset_;
  const std::vector<int64_t> samples_;
  const TaskSetup& setup_;
  const FinetuneOptions options_;
  const PerModality<bool> modalities_;
  const LoaderOptions feed_;
  OrderedQueue<std::vector<LabelledBatch>> queue_;
  std::latch started_;
  std::mutex mutex_;
  std::unordered_set<int64_t> failed_;
  std::atomic<int64_t> failures_ = 0;
  Clock::duration waited_{};
  std::optional<Clock::time_point> first_served_;
  Clock::time_point last_served_;
  std::vector<std::thread> threads_;  // last: the threads use all of the above
};

TaskLoader::TaskLoader(const LabelledDataset& dataset, const std::vector<int64_t>& samples, const TaskSetup& setup,
                       const FinetuneOptions& options, const LoaderOptions& feed)
    : feed_(std::make_unique<Feed>(dataset, samples, setup, options, feed)) {}
TaskLoader::~TaskLoader() = default;
std::vector<LabelledBatch> TaskLoader::next() { return feed_->next(); }
double TaskLoader::waiting_share() const { return feed_->waiting_share(); }
int64_t TaskLoader::failures() const { return feed_->failures(); }

}  // namespace skysense
