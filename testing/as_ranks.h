#pragma once

#include <ATen/Parallel.h>
#include <gtest/gtest.h>

#include <future>
#include <memory>
#include <thread>
#include <vector>

#include "engine/process_group.h"

namespace skysense::testing {

/// Runs `work` as `size` ranks, each a thread of its own, and gives what each returned. The ranks part when all are
/// done, the first, which keeps the meeting point, last: as processes they would not tear down what others in them
/// still use.
template <class Work>
auto as_ranks(int64_t size, int64_t port, Work work) {
  using Result = decltype(work(std::declval<std::unique_ptr<Ranks>&>()));
  std::vector<std::unique_ptr<Ranks>> joined(static_cast<size_t>(size));
  std::vector<std::future<Result>> running;
  for (int64_t rank = 0; rank < size; ++rank) {
    running.push_back(std::async(std::launch::async, [=, &ranks = joined[static_cast<size_t>(rank)]] {
      at::set_num_threads(1);
      ranks =
          join_ranks({.rank = rank, .size = size, .master = "127.0.0.1", .port = port}, torch::kCPU, {.timeout_s = 30});
      return work(ranks);
    }));
  }
  std::vector<Result> results;
  for (auto& one : running) results.push_back(one.get());
  while (!joined.empty()) joined.pop_back();
  return results;
}

}  // namespace skysense::testing
