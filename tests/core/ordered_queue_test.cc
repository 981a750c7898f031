#include "core/ordered_queue.h"

#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

namespace skysense {
namespace {

/// Squares tickets on `workers` threads, the early tickets slower than the late ones; fails at `failing`.
class Squares {
 public:
  Squares(int64_t first, int64_t capacity, int workers, int64_t failing = -1) : queue(first, capacity) {
    for (int i = 0; i < workers; ++i) {
      threads_.emplace_back([this, failing] {
        while (const auto ticket = queue.claim()) {
          highest_claimed = std::max<int64_t>(highest_claimed, *ticket);
          std::this_thread::sleep_for(std::chrono::microseconds(*ticket % 4 == 0 ? 800 : 20));
          if (*ticket == failing) {
            queue.fail(*ticket, std::make_exception_ptr(std::runtime_error("ticket " + std::to_string(failing))));
          } else {
            queue.deliver(*ticket, *ticket * *ticket);
          }
        }
      });
    }
  }
  ~Squares() {
    queue.close();
    for (std::thread& thread : threads_) thread.join();
  }
  OrderedQueue<int64_t> queue;
  std::atomic<int64_t> highest_claimed = -1;

 private:
  std::vector<std::thread> threads_;
};

TEST(OrderedQueue, GivesResultsInOrderFromTheFirstTicket) {
  for (const int workers : {1, 4}) {
    Squares squares(7, 3, workers);
    for (int64_t ticket = 7; ticket < 107; ++ticket) ASSERT_EQ(squares.queue.next(), ticket * ticket);
  }
}

TEST(OrderedQueue, RethrowsAtTheTicketThatFailedAndGoesOn) {
  Squares squares(0, 4, 3, 5);
  for (int64_t ticket = 0; ticket < 5; ++ticket) ASSERT_EQ(squares.queue.next(), ticket * ticket);
  EXPECT_THROW(squares.queue.next(), std::runtime_error);
  EXPECT_EQ(squares.queue.next(), 36);
}

TEST(OrderedQueue, ClaimsNoMoreThanItsCapacityAhead) {
  Squares squares(0, 3, 4);
  for (int64_t taken = 0; taken < 20; ++taken) {
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
    ASSERT_LT(squares.highest_claimed, taken + 3);
    squares.queue.next();
  }
}

TEST(OrderedQueue, ClosingWakesWorkersThatWaitForRoom) {
  Squares squares(0, 1, 4);
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  squares.queue.close();
  EXPECT_EQ(squares.queue.claim(), std::nullopt);  // and the destructor's joins return
}

}  // namespace
}  // namespace skysense
