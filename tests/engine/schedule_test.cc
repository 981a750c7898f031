#include "engine/schedule.h"

#include <gtest/gtest.h>

namespace skysense {
namespace {

constexpr int64_t kTotal = 600'000;
const ScheduleOptions kPaper;

TEST(Schedule, LearningRateRisesFromZeroAndEndsAtTheFinalValue) {
  EXPECT_EQ(learning_rate(kPaper, 0, kTotal), 0);
  EXPECT_DOUBLE_EQ(learning_rate(kPaper, 5'000, kTotal), 1e-4);
  EXPECT_EQ(learning_rate(kPaper, 10'000, kTotal), 2e-4);
  EXPECT_EQ(learning_rate(kPaper, kTotal - 1, kTotal), 1e-6);
  EXPECT_EQ(learning_rate(kPaper, kTotal + 5, kTotal), 1e-6);
}

TEST(Schedule, LearningRateNeverRisesAfterTheWarmUp) {
  double earlier = learning_rate(kPaper, 10'000, kTotal);
  for (int64_t step = 10'001; step < kTotal; step += 997) {
    const double now = learning_rate(kPaper, step, kTotal);
    EXPECT_LT(now, earlier) << step;
    earlier = now;
  }
}

TEST(Schedule, LearningRateIsHalfWayInTheMiddleOfTheCosine) {
  const ScheduleOptions options{.lr = 1, .final_lr = 0, .warmup_steps = 0};
  EXPECT_EQ(learning_rate(options, 0, 101), 1);
  EXPECT_NEAR(learning_rate(options, 50, 101), 0.5, 1e-12);
  EXPECT_EQ(learning_rate(options, 100, 101), 0);
}

TEST(Schedule, WeightDecayAndMomentumReachBothEnds) {
  EXPECT_EQ(weight_decay(kPaper, 0, kTotal), 0.04);
  EXPECT_EQ(weight_decay(kPaper, kTotal - 1, kTotal), 0.2);
  EXPECT_EQ(teacher_momentum(kPaper, 0, kTotal), 0.996);
  EXPECT_EQ(teacher_momentum(kPaper, kTotal - 1, kTotal), 1.0);
  EXPECT_NEAR(weight_decay(kPaper, (kTotal - 1) / 2, kTotal), 0.12, 1e-6);
}

TEST(Schedule, TeacherTemperatureRisesLinearlyThenStays) {
  EXPECT_EQ(teacher_temperature(kPaper, 0), 0.04);
  EXPECT_NEAR(teacher_temperature(kPaper, 15'000), 0.055, 1e-12);
  EXPECT_EQ(teacher_temperature(kPaper, 30'000), 0.07);
  EXPECT_EQ(teacher_temperature(kPaper, kTotal), 0.07);
}

TEST(Schedule, ShortRunsAndNoWarmUpAreDefined) {
  const ScheduleOptions options{.warmup_steps = 0, .temperature_warmup_steps = 0};
  EXPECT_EQ(learning_rate(options, 0, 1), 2e-4);
  EXPECT_EQ(weight_decay(options, 0, 1), 0.04);
  EXPECT_EQ(teacher_temperature(options, 0), 0.07);
  EXPECT_EQ(learning_rate(kPaper, 3, 4), 2e-4 * 3 / 10'000);  // a run that ends within its warm-up
}

}  // namespace
}  // namespace skysense
