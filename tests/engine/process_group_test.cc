#include "engine/process_group.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <thread>

#include "core/error.h"
#include "testing/as_ranks.h"
#include "testing/error_of.h"

namespace skysense {
namespace {

using ::skysense::testing::as_ranks;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

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

TEST(ProcessGroup, GathersAsManyRowsAsEachRankHas) {
  const auto gathered = as_ranks(3, 29633, [](const std::unique_ptr<Ranks>& ranks) {
    const int64_t rank = ranks->rank();  // the middle one has none, and does not know how wide they are
    const auto own = rank == 1 ? torch::zeros({0, 0}) : torch::full({rank + 1, 2}, static_cast<float>(rank));
    return std::pair(gather_rows(*ranks, own), gather_rows(*ranks, torch::zeros({0, 5})).rows.size(0));
  });
  for (const auto& [all, rows_of_nobody] : gathered) {
    EXPECT_TRUE(torch::equal(all.rows, torch::tensor({0.F, 2.F, 2.F, 2.F}).unsqueeze(1).expand({4, 2})));
    EXPECT_EQ(rows_of_nobody, 0);
  }
  EXPECT_EQ(gathered[0].first.first, 0);
  EXPECT_EQ(gathered[2].first.first, 1);
  const auto own = torch::ones({2, 3}, torch::requires_grad());
  EXPECT_TRUE(torch::equal(gather_rows(alone(), own).rows, own));
  EXPECT_FALSE(gather_rows(alone(), own).rows.requires_grad());
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

TEST(ProcessGroup, SumsThatWereBegunTogether) {
  const auto results = as_ranks(2, 29613, [](const std::unique_ptr<Ranks>& joined) {
    const Ranks& ranks = *joined;
    std::vector<torch::Tensor> values;
    std::vector<std::function<void()>> waits;
    for (int64_t i = 1; i < 20; ++i) {
      values.push_back(torch::full({i, 100'000}, static_cast<float>(ranks.rank() + i)));
      waits.push_back(ranks.begin_sum(values.back()));
    }
    bool right = true;
    for (int64_t i = 19; i > 0; --i) {
      waits[static_cast<size_t>(i - 1)]();
      right = right && values[static_cast<size_t>(i - 1)].eq(static_cast<float>(2 * i + 1)).all().item<bool>();
    }
    return right;
  });
  for (const bool right : results) EXPECT_TRUE(right);
}

TEST(ProcessGroup, CopiesFromARankInBuckets) {
  const auto results = as_ranks(2, 29616, [](const std::unique_ptr<Ranks>& joined) {
    const Ranks& ranks = *joined;
    std::vector<torch::Tensor> tensors;
    for (int64_t i = 1; i < 20; ++i) tensors.push_back(torch::full({i, 100'000}, static_cast<float>(ranks.rank() * i)));
    tensors.push_back(torch::full({4, 5}, static_cast<float>(ranks.rank())).t());  // not contiguous
    ranks.copy_from(1, tensors);
    ranks.copy_from(0, {});
    bool right = tensors.back().eq(1).all().item<bool>();
    for (int64_t i = 1; i < 20; ++i)
      right = right && tensors[static_cast<size_t>(i - 1)].eq(static_cast<float>(i)).all().item<bool>();
    return right;
  });
  for (const bool right : results) EXPECT_TRUE(right);
}

TEST(ProcessGroup, NoRankPartsBeforeAllHaveTheirResults) {
  constexpr auto kLate = std::chrono::milliseconds(300);
  const auto waits = as_ranks(3, 29617, [&](std::unique_ptr<Ranks>& joined) {
    joined->sum(torch::ones({4}));
    if (joined->rank() == 1) std::this_thread::sleep_for(kLate);
    const auto start = std::chrono::steady_clock::now();
    joined->part();
    return std::chrono::steady_clock::now() - start;
  });
  EXPECT_GT(waits[0], kLate / 2);
  EXPECT_GT(waits[2], kLate / 2);
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
    return testing::error_of([&] {
      for (int i = 0; i < 1000; ++i) ranks.sum(torch::ones({1000}));
    });
  });
  EXPECT_THAT(messages[0], HasSubstr("another process of the run stopped"));
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(10));
}

}  // namespace
}  // namespace skysense
