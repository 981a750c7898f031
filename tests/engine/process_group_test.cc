#include "engine/process_group.h"

#include <ATen/Parallel.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <future>
#include <thread>

#include "core/error.h"
#include "testing/all_close.h"

namespace skysense {
namespace {

using ::skysense::testing::all_close;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// LibTorch's flight recorder is one of a process and takes no care of several groups in its threads, which only these
/// tests have: off.
const bool kRecorderOff =
    ::setenv("TORCH_FR_BUFFER_SIZE", "0", 1) == 0 && ::setenv("TORCH_NCCL_TRACE_BUFFER_SIZE", "0", 1) == 0;

/// Runs `work` as `size` ranks, each a thread of its own, and gives what each returned. The ranks part when all are
/// done, the first, which keeps the meeting point, last: as processes they would not tear down what others in them
/// still use.
template <class Work>
auto as_ranks(int64_t size, int64_t port, Work work) {
  using Result = decltype(work(std::declval<std::unique_ptr<Ranks>&>()));
  EXPECT_TRUE(kRecorderOff);
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

TEST(ReadLaunch, KnowsTheUsualLaunchers) {
  const auto torchrun = read_launch({{"RANK", "3"},
                                     {"WORLD_SIZE", "8"},
                                     {"LOCAL_RANK", "1"},
                                     {"MASTER_ADDR", "node0"},
                                     {"MASTER_PORT", "1234"},
                                     {"TORCHELASTIC_USE_AGENT_STORE", "True"}});
  ASSERT_TRUE(torchrun);
  EXPECT_EQ(torchrun->rank, 3);
  EXPECT_EQ(torchrun->size, 8);
  EXPECT_EQ(torchrun->local_rank, 1);
  EXPECT_EQ(torchrun->master, "node0");
  EXPECT_EQ(torchrun->port, 1234);
  EXPECT_TRUE(torchrun->store_is_up);
  const auto srun = read_launch({{"SLURM_PROCID", "5"}, {"SLURM_NTASKS", "6"}, {"SLURM_LOCALID", "2"}});
  ASSERT_TRUE(srun);
  EXPECT_EQ(srun->local_rank, 2);
  EXPECT_FALSE(srun->store_is_up);
  const auto mpirun = read_launch({{"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_SIZE", "2"}});
  ASSERT_TRUE(mpirun);
  EXPECT_EQ(mpirun->rank, 1);
}

TEST(ReadLaunch, OneProcessIsNone) {
  EXPECT_FALSE(read_launch({}));
  EXPECT_FALSE(read_launch({{"RANK", "0"}, {"WORLD_SIZE", "1"}}));
}

TEST(ReadLaunch, HalfOfItIsRefused) {
  EXPECT_THAT([] { read_launch({{"RANK", "0"}}); }, ThrowsMessage<UsageError>(HasSubstr("WORLD_SIZE")));
  EXPECT_THAT([] { read_launch({{"RANK", "2"}, {"WORLD_SIZE", "2"}}); }, ThrowsMessage<UsageError>(HasSubstr("RANK")));
  EXPECT_THAT([] { read_launch({{"RANK", "a"}, {"WORLD_SIZE", "2"}}); }, ThrowsMessage<UsageError>(HasSubstr("'a'")));
}

TEST(ProcessGroup, SumsOverTheRanks) {
  const auto sums = as_ranks(3, 29611, [](const std::unique_ptr<Ranks>& joined) {
    const Ranks& ranks = *joined;
    const auto own = torch::full({2, 3}, static_cast<float>(ranks.rank() + 1));
    const auto total = ranks.sum(own);
    EXPECT_EQ(own[0][0].item<float>(), static_cast<float>(ranks.rank() + 1));  // left as it was
    return total;
  });
  for (const auto& sum : sums) EXPECT_TRUE(torch::equal(sum, torch::full({2, 3}, 6.0F)));
}

TEST(ProcessGroup, SumsLogarithmsWithoutOverflow) {
  const auto sums = as_ranks(2, 29612, [](const std::unique_ptr<Ranks>& joined) {
    const Ranks& ranks = *joined;
    return ranks.log_sum(
        torch::tensor({1000.0F + static_cast<float>(ranks.rank()), -std::numeric_limits<float>::infinity()}));
  });
  const auto expected = torch::logsumexp(torch::tensor({1000.0F, 1001.0F}), 0);
  for (const auto& sum : sums) {
    EXPECT_NEAR(sum[0].item<float>(), expected.item<float>(), 1e-3);
    EXPECT_TRUE(std::isinf(sum[1].item<float>()) && sum[1].item<float>() < 0);
  }
}

TEST(ProcessGroup, SumsInBucketsAndCopiesFromARank) {
  const auto results = as_ranks(2, 29613, [](const std::unique_ptr<Ranks>& joined) {
    const Ranks& ranks = *joined;
    std::vector<torch::Tensor> tensors;
    for (int64_t i = 1; i < 20; ++i) tensors.push_back(torch::full({i, 100'000}, static_cast<float>(ranks.rank() + i)));
    tensors.push_back(torch::full({4, 5}, static_cast<float>(ranks.rank())).t());  // not contiguous
    ranks.sum_in_place(tensors);
    bool right = tensors.back().eq(1).all().item<bool>();
    for (int64_t i = 1; i < 20; ++i)
      right = right && tensors[static_cast<size_t>(i - 1)].eq(static_cast<float>(2 * i + 1)).all().item<bool>();
    tensors[3].fill_(static_cast<float>(ranks.rank()));
    ranks.copy_from(1, {tensors[3]});
    return right && tensors[3].eq(1).all().item<bool>();
  });
  for (const bool right : results) EXPECT_TRUE(right);
}

TEST(ProcessGroup, ARankThatNeverComesIsReportedInTime) {
  const auto start = std::chrono::steady_clock::now();
  EXPECT_THAT(
      [] { join_ranks({.rank = 0, .size = 2, .master = "127.0.0.1", .port = 29614}, torch::kCPU, {.timeout_s = 2}); },
      ThrowsMessage<DataError>(HasSubstr("not all 2 processes met at 127.0.0.1:29614")));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
}

TEST(ProcessGroup, ARankThatLeavesIsReportedAtOnce) {
  const auto start = std::chrono::steady_clock::now();
  const auto messages = as_ranks(2, 29615, [](std::unique_ptr<Ranks>& joined) -> std::string {
    if (joined->rank() == 1) {
      joined.reset();
      return "";
    }
    const Ranks& ranks = *joined;
    try {
      for (int i = 0; i < 1000; ++i) ranks.sum(torch::ones({1000}));
    } catch (const DataError& error) {
      return error.what();
    }
    return "nothing happened";
  });
  EXPECT_THAT(messages[0], HasSubstr("another process of the run stopped"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace skysense
