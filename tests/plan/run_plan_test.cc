#include "plan/run_plan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "model/cost.h"

namespace skysense {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

PretrainOptions with_places(const std::string& preset, int64_t places) {
  PretrainOptions options = pretrain_options(preset);
  options.train.batch_size = places;
  return options;
}

TEST(StepWork, IsWhatTheBenchmarkCountsExceptForCellsWithoutPartners) {
  // Four passes over a sample of App. C; there every cell goes through a head, here those that a loss looks at.
  for (const char* preset : {"base", "v2-dense", "v2"}) {
    const StepWork work = step_work(with_places(preset, 4), kDefaultSensors, {.gpu = true});
    const double counted = 2.0 * 4 * 4 * static_cast<double>(count_pretraining_sample(find_preset(preset), false));
    EXPECT_NEAR(work.flops() / counted, 1, 0.03) << preset;
    EXPECT_EQ(work.recomputed_flops, 0);
  }
}

TEST(StepWork, CheckpointingRunsTheStudentsNetworkAgain) {
  PretrainOptions options = with_places("base", 4);
  const StepWork plain = step_work(options, kDefaultSensors, {.gpu = true});
  options.model.activation_checkpointing = true;
  const StepWork again = step_work(options, kDefaultSensors, {.gpu = true});
  EXPECT_EQ(again.flops(), plain.flops());
  // A third of the student's work, without the heads.
  EXPECT_LT(again.recomputed_flops, plain.student_flops / 3);
  EXPECT_GT(again.recomputed_flops, 0.85 * plain.student_flops / 3);
  EXPECT_GT(again.moved_bytes, 1.2 * plain.moved_bytes);
  EXPECT_GT(again.operators, plain.operators);
}

TEST(StepWork, WithoutQsaclTheTeacherSeesTheGlobalViewsAlone) {
  PretrainOptions options = with_places("base", 4);
  const double both = step_work(options, kDefaultSensors, {}).teacher_flops;
  options.weights.qsacl = 0;
  EXPECT_LT(step_work(options, kDefaultSensors, {}).teacher_flops, 0.7 * both);
}

TEST(StepTime, EachPartFollowsItsOwnLimit) {
  const StepWork work = step_work(with_places("base", 4), kDefaultSensors, {.gpu = true});
  DeviceProfile device = find_device("h200");
  const StepTime time = estimate_step_time(work, device, "bfloat16");
  device.bytes_per_second *= 2;
  device.bfloat16_flops *= 4;
  const StepTime faster = estimate_step_time(work, device, "bfloat16");
  EXPECT_DOUBLE_EQ(faster.memory, time.memory / 2);
  EXPECT_DOUBLE_EQ(faster.products, time.products / 4);
  EXPECT_DOUBLE_EQ(faster.starting, time.starting);
  EXPECT_DOUBLE_EQ(time.total(), time.memory + time.products + time.starting);
}

TEST(RunPlan, RanksShareThePlaces) {
  const RunPlan one = plan_run(with_places("base", 16), kDefaultSensors, find_device("h100"), 1, 0),
                four = plan_run(with_places("base", 16), kDefaultSensors, find_device("h100"), 4, 0);
  EXPECT_EQ(four.places_at_once, 4);
  EXPECT_FALSE(one.fits());
  EXPECT_TRUE(four.fits());
  EXPECT_DOUBLE_EQ(4 * four.work.flops(), one.work.flops());
  EXPECT_THAT([] { plan_run(with_places("base", 10), kDefaultSensors, find_device("h100"), 4, 0); },
              ThrowsMessage<UsageError>(HasSubstr("4 processes")));
}

TEST(RunPlan, WhatDoesNotFitHasAWayOut) {
  PretrainOptions options = with_places("base", 16);
  const RunPlan plan = plan_run(options, kDefaultSensors, find_device("h100"), 1, 0);
  EXPECT_THAT(way_out(options, plan, 1), HasSubstr("--set model.activation_checkpointing=true it would need"));
  const PretrainOptions largest = with_places("v2", 1);
  const RunPlan hopeless = plan_run(largest, kDefaultSensors, find_device("rtx4090"), 1, 0);
  EXPECT_THAT(way_out(largest, hopeless, 1), HasSubstr("smaller preset"));
}

TEST(DeviceProfile, AnUnknownOneNamesTheNearest) {
  EXPECT_THAT([] { find_device("h20"); }, ThrowsMessage<UsageError>(HasSubstr("'h200'")));
}

}  // namespace
}  // namespace skysense
