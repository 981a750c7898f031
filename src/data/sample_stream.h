#pragma once

#include <fmt/format.h>

#include <atomic>
#include <cstdint>
#include <functional>
#include <mutex>
#include <string>
#include <unordered_set>
#include <utility>

#include "core/error.h"
#include "core/log.h"
#include "data/epoch_order.h"
#include "data/loader.h"

namespace skysense {

/// The endless stream of samples: a permutation of them each epoch. One that cannot be read (DataError) is replaced by
/// the next of the epoch's order, and named in the log once; of a strict stream it stops the run. Used by several
/// threads at once.
class SampleStream {
 public:
  /// Of `size` samples, which messages call `kind` ("places") and, by the number of one, `name` ("place 3"). Throws
  /// DataError where there are none.
  SampleStream(const LoaderOptions& options, int64_t size, const std::string& kind,
               std::function<std::string(int64_t)> name)
      : seed_(options.seed), strict_(options.strict), size_(size), kind_(kind), name_(std::move(name)) {
    if (size < 1) throw DataError("the dataset has no " + kind);
  }

  /// What `read` (of a number of the order and the epoch) gives for the sample at a position.
  template <class Read>
  auto read_at(int64_t position, Read read) {
    const auto epoch = static_cast<uint64_t>(position / size_);
    const EpochOrder order(seed_, epoch, size_);
    std::string first_failure;
    for (int64_t skipped = 0; skipped < size_; ++skipped) {
      const int64_t number = order.place((position + skipped) % size_);
      try {
        return read(number, epoch);
      } catch (const DataError& error) {
        if (strict_) throw;
        if (first_failure.empty()) first_failure = error.what();
        report(number, error.what());
      }
    }
    throw DataError(fmt::format("none of the {} {} can be read; the first: {}", size_, kind_, first_failure));
  }

  /// Samples that could not be read so far.
  int64_t failures() const { return failures_; }

 private:
  void report(int64_t number, const std::string& reason) {
    const std::lock_guard lock(mutex_);
    if (!failed_.insert(number).second) return;
    ++failures_;
    spdlog::warn("{} is skipped and replaced by the next: {}", name_(number), reason);
  }

  const uint64_t seed_;
  const bool strict_;
  const int64_t size_;
  const std::string kind_;
  const std::function<std::string(int64_t)> name_;
  std::mutex mutex_;
  std::unordered_set<int64_t> failed_;
  std::atomic<int64_t> failures_ = 0;
};

}  // namespace skysense
