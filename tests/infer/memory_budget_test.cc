#include "infer/memory_budget.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "testing/error_of.h"

namespace skysense {
namespace {

constexpr int64_t kMiB = int64_t{1} << 20;
const MemoryNeeds kNeeds{.resident = 200 * kMiB,
                         .workspace = 300 * kMiB,
                         .region = 5 * kMiB,
                         .group_result = 6 * kMiB,
                         .cell = 512,
                         .sample = 8 * kMiB};

TEST(MemoryBudget, AmountsAreReadInPowersOf1024) {
  EXPECT_EQ(parse_bytes("2G"), 2048 * kMiB);
  EXPECT_EQ(parse_bytes("1.5 GiB"), 1536 * kMiB);
  EXPECT_EQ(parse_bytes("512m"), 512 * kMiB);
  EXPECT_EQ(parse_bytes("4096"), 4096);
  for (const char* wrong : {"", "G", "2X", "-1G", "2GG", "two"}) EXPECT_THROW(parse_bytes(wrong), UsageError) << wrong;
}

TEST(MemoryBudget, ThePlanStaysWithinTheLimit) {
  const MemoryPlan most = plan_memory(kNeeds, 0, 20);
  EXPECT_EQ(most.room, 20);
  for (int64_t limit = most.total; limit > 640 * kMiB; limit -= 10 * kMiB) {
    const MemoryPlan plan = plan_memory(kNeeds, limit, 20);
    EXPECT_LE(plan.total, limit);
    EXPECT_LE(plan.room, most.room);
    EXPECT_GE(plan.room, 1);
  }
}

TEST(MemoryBudget, TooLittleIsRefusedWithAMinimumThatSuffices) {
  EXPECT_THAT(testing::error_of([] { plan_memory(kNeeds, 100 * kMiB, 20); }), ::testing::HasSubstr("at least 631 MiB"));
  EXPECT_LE(plan_memory(kNeeds, 631 * kMiB, 20).total, 631 * kMiB);
}

TEST(MemoryBudget, JobsAreFewerWhereMemoryIsShort) {
  MemoryNeeds needs = kNeeds;
  needs.jobs = 4;
  const MemoryPlan most = plan_memory(needs, 0, 20);
  EXPECT_EQ(most.jobs, 4);
  EXPECT_EQ(most.total - plan_memory(kNeeds, 0, 20).total, 3 * (300 + 4 * 5 + 6) * kMiB);
  EXPECT_EQ(plan_memory(needs, 631 * kMiB + 2 * 326 * kMiB, 20).jobs, 3);
  EXPECT_EQ(plan_memory(needs, 631 * kMiB, 20).jobs, 1);
}

}  // namespace
}  // namespace skysense
