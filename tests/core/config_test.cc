#include "core/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace skysense {
namespace {

using ::testing::HasSubstr;
using ::testing::Throws;
using ::testing::ThrowsMessage;

struct TrainOptions {
  int64_t steps = 100;
  double lr = 2e-4;
  bool bf16 = false;
  std::string dtype = "float32";
  std::vector<int64_t> depths = {2, 2};
  void describe(OptionFields& fields) {
    fields("steps", steps, "optimiser steps").at_least(0);
    fields("lr", lr, "learning rate").between(0, 1);
    fields("bf16", bf16, "use bf16");
    fields("dtype", dtype, "compute type").one_of({"float32", "bfloat16"});
    fields("depths", depths, "blocks a stage");
  }
};

struct RunOptions {
  int64_t seed = 0;
  TrainOptions train;
  void describe(OptionFields& fields) {
    fields("seed", seed, "seed of everything random");
    fields.group("train", train);
  }
};

TEST(Config, SetsNestedKeysAndKeepsTheOthers) {
  RunOptions options;
  auto fields = fields_of(options);
  apply_yaml(fields, "seed: 7\ntrain:\n  steps: 5\n  depths: [1, 2, 3]\n", "test");
  EXPECT_EQ(options.seed, 7);
  EXPECT_EQ(options.train.steps, 5);
  EXPECT_EQ(options.train.depths, (std::vector<int64_t>{1, 2, 3}));
  EXPECT_EQ(options.train.lr, 2e-4);
}

TEST(Config, AcceptsDottedAssignments) {
  RunOptions options;
  auto fields = fields_of(options);
  apply_assignment(fields, "train.dtype=bfloat16");
  apply_assignment(fields, "train.lr=1e-3");
  EXPECT_EQ(options.train.dtype, "bfloat16");
  EXPECT_EQ(options.train.lr, 1e-3);
}

TEST(Config, NamesTheNearestKnownKey) {
  RunOptions options;
  auto fields = fields_of(options);
  EXPECT_THAT(
      [&] { apply_yaml(fields, "train: {step: 3}", "run.yaml"); },
      ThrowsMessage<UsageError>(AllOf(HasSubstr("run.yaml"), HasSubstr("train.step'"), HasSubstr("'train.steps'"))));
}

TEST(Config, RefusesWrongTypesLimitsAndChoices) {
  RunOptions options;
  auto fields = fields_of(options);
  EXPECT_THAT([&] { apply_assignment(fields, "train.steps=many"); },
              ThrowsMessage<UsageError>(HasSubstr("an integer")));
  EXPECT_THAT([&] { apply_assignment(fields, "train.steps=-1"); }, ThrowsMessage<UsageError>(HasSubstr("not within")));
  EXPECT_THAT([&] { apply_assignment(fields, "train.lr=.nan"); }, ThrowsMessage<UsageError>(HasSubstr("not within")));
  EXPECT_THAT([&] { apply_assignment(fields, "train.dtype=fp8"); },
              ThrowsMessage<UsageError>(HasSubstr("float32, bfloat16")));
  EXPECT_THAT([&] { apply_yaml(fields, "train: [", "x"); }, Throws<UsageError>());
  EXPECT_EQ(options.train.steps, 100);
}

TEST(Config, OneGroupIsReadWithoutTheOthers) {
  TrainOptions train;
  auto fields = fields_of(train);
  EXPECT_TRUE(apply_yaml_group(fields, "seed: 7\nlater: {new: 1}\ntrain: {steps: 5}\n", "train", "config.yaml"));
  EXPECT_EQ(train.steps, 5);
  EXPECT_FALSE(apply_yaml_group(fields, "seed: 7\n", "train", "config.yaml"));
  EXPECT_THAT(
      [&] { apply_yaml_group(fields, "train: {step: 5}", "train", "config.yaml"); },
      ThrowsMessage<UsageError>(AllOf(HasSubstr("config.yaml: train"), HasSubstr("'step'"), HasSubstr("'steps'"))));
  EXPECT_THAT([&] { apply_yaml_group(fields, "train: 5", "train", "config.yaml"); }, Throws<UsageError>());
}

TEST(Config, LaterSourcesWin) {  // preset < recipe < file < --set
  RunOptions options;
  auto fields = fields_of(options);
  apply_yaml(fields, "seed: 1\ntrain: {steps: 1, lr: 0.1, bf16: true}", "recipe");
  apply_yaml(fields, "seed: 2\ntrain: {steps: 2}", "file");
  apply_assignment(fields, "seed=3");
  EXPECT_EQ(options.seed, 3);
  EXPECT_EQ(options.train.steps, 2);
  EXPECT_EQ(options.train.lr, 0.1);
  EXPECT_TRUE(options.train.bf16);
}

TEST(Config, DumpReadsBackTheSame) {
  RunOptions options;
  options.train.lr = 0.1 + 0.2;
  options.seed = -3;
  auto fields = fields_of(options);
  const std::string yaml = dump_yaml(fields);
  RunOptions copy;
  auto copy_fields = fields_of(copy);
  apply_yaml(copy_fields, yaml, "dump");
  EXPECT_EQ(copy.train.lr, options.train.lr);
  EXPECT_EQ(copy.seed, -3);
  EXPECT_EQ(dump_yaml(copy_fields), yaml);
}

}  // namespace
}  // namespace skysense
