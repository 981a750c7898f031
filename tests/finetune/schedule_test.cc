#include "finetune/schedule.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "testing/fixture.h"

namespace skysense {
namespace {

TEST(TaskScheduleParity, EveryScheduleBehindItsWarmUpEqualsTorchsSchedulers) {
  const testing::Fixture fixture("finetuning_schedules");
  for (const std::string name : {"constant", "poly", "cosine", "multistep", "exponential", "linear"}) {
    for (const int64_t warmup : {0, 10}) {
      TaskSchedule schedule{.lr = 6e-5, .schedule = name, .warmup_steps = warmup, .warmup_ratio = 1e-3};
      if (name == "cosine" || name == "linear") schedule.final_lr = 1e-6;
      if (name == "poly") schedule.power = 0.9;
      if (name == "exponential") schedule.gamma = 0.95;
      const auto expected = fixture[fmt::format("{}.{}", name, warmup)];
      ASSERT_EQ(expected.size(0), 50);
      for (int64_t step = 0; step < 50; ++step) {
        EXPECT_NEAR(learning_rate(schedule, step, 50), expected[step].item<double>(), 1e-12)
            << name << " after " << warmup << " steps, step " << step;
      }
    }
  }
}

TEST(TaskSchedule, APeriodOfExponentialIsAShareOfTheRun) {
  // Ten periods, as an ExponentialLR that is called once an epoch.
  const TaskSchedule schedule{.lr = 1, .schedule = "exponential", .gamma = 0.5, .gamma_period = 0.1};
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 9, 100), 1);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 10, 100), 0.5);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 29, 100), 0.25);
  EXPECT_DOUBLE_EQ(learning_rate(schedule, 30, 100), 0.125);
}

}  // namespace
}  // namespace skysense
