#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <utility>

namespace skysense {

/// Numbered work shared by several threads, handed out in order whoever finishes first: workers claim a ticket, deliver
/// its result (or what it threw), and the one consumer takes results ticket by ticket. At most `capacity` tickets are
/// claimed and not yet taken, so memory is bounded and no worker runs away.
template <class T>
class OrderedQueue {
 public:
  OrderedQueue(int64_t first_ticket, int64_t capacity)
      : capacity_(capacity), claimed_(first_ticket), taken_(first_ticket) {
    if (capacity < 1) throw std::logic_error("OrderedQueue: capacity must be positive");
  }

  /// The next ticket, once there is room for it; nothing once the queue is closed.
  std::optional<int64_t> claim() {
    std::unique_lock lock(mutex_);
    room_.wait(lock, [this] { return closed_ || claimed_ < taken_ + capacity_; });
    if (closed_) return std::nullopt;
    return claimed_++;
  }

  void deliver(int64_t ticket, T value) { settle(ticket, {std::move(value), nullptr}); }
  void fail(int64_t ticket, std::exception_ptr error) { settle(ticket, {std::nullopt, std::move(error)}); }

  /// The next ticket's result; waits for it, and rethrows what its worker threw.
  T next() {
    std::unique_lock lock(mutex_);
    ready_.wait(lock, [this] { return closed_ || done_.contains(taken_); });
    if (closed_) throw std::logic_error("OrderedQueue: next() after close()");
    auto node = done_.extract(taken_++);
    lock.unlock();
    room_.notify_all();
    if (node.mapped().error) std::rethrow_exception(node.mapped().error);
    return std::move(*node.mapped().value);
  }

  /// Wakes everybody: claim() gives nothing from now on.
  void close() {
    {
      const std::lock_guard lock(mutex_);
      closed_ = true;
    }
    room_.notify_all();
    ready_.notify_all();
  }

 private:
  struct Result {
    std::optional<T> value;
    std::exception_ptr error;
  };

  void settle(int64_t ticket, Result result) {
    {
      const std::lock_guard lock(mutex_);
      done_.emplace(ticket, std::move(result));
    }
    ready_.notify_all();
  }

  const int64_t capacity_;
  std::mutex mutex_;
  std::condition_variable room_, ready_;
  int64_t claimed_, taken_;  // the next ticket to claim, the next to take
  std::map<int64_t, Result> done_;
  bool closed_ = false;
};

}  // namespace skysense
