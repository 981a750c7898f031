#include "engine/step_loop.h"

#include <gmock/gmock.h>

#include <csignal>
#include <limits>
#include <set>
#include <string>
#include <vector>

#include "core/error.h"
#include "engine/signals.h"
#include "testing/error_of.h"

namespace skysense {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

/// Writes down what the loop asks of it.
class Recorder : public SteppedRun {
 public:
  std::set<int64_t> bad, wanted;  ///< steps done with a loss that is not finite; moments that it wants to keep
  int64_t evaluate_every = 0, done_after = 1000, signal_in = -1;
  std::vector<int64_t> begun_at, stepped, evaluated, saved, observed;
  LogValues last_logged;

  void begin(const RunState& at) override { begun_at.push_back(at.step); }
  StepFigures step(int64_t number) override {
    stepped.push_back(number);
    if (number == signal_in) std::raise(SIGTERM);
    const bool kept = !bad.contains(number);
    return {kept ? 1.0 + static_cast<double>(number) : std::numeric_limits<double>::quiet_NaN(), 2, kept};
  }
  double learning_rate(int64_t number) const override { return 0.1 * static_cast<double>(number); }
  LogValues details() override { return {{"part", 7}}; }
  void observe(int64_t step, const LogValues& values) override {
    observed.push_back(step);
    last_logged = values;
  }
  double waiting_share() const override { return 0.25; }
  bool evaluation_due(int64_t step) const override { return evaluate_every > 0 && step % evaluate_every == 0; }
  LogValues evaluate(int64_t step) override {
    evaluated.push_back(step);
    return {{"measured", 1}};
  }
  bool wants_checkpoint(int64_t step) const override { return wanted.contains(step); }
  void save(const RunState& at) override {
    saved.push_back(at.step);
    EXPECT_EQ(at.data_position, 4 * at.step);
    EXPECT_EQ(at.epoch, 4 * at.step / 10);
  }
  bool is_done() const override { return static_cast<int64_t>(stepped.size()) >= done_after; }
};

StepLoopOptions ten_steps() {
  return {.verb = "test",
          .remedy = "look at the numbers",
          .steps = 10,
          .batch_size = 4,
          .samples = 10,
          .log_every = 3,
          .checkpoint_every = 4,
          .max_bad_steps = 3};
}

TEST(StepLoop, LogsEvaluatesAndSavesWhenItIsTime) {
  Recorder run;
  run.evaluate_every = 5;
  run.wanted = {7};
  RunState at;
  const StepLoopResult result = run_steps(run, at, ten_steps(), nullptr, alone());
  EXPECT_EQ(at.step, 10);
  EXPECT_THAT(run.begun_at, ElementsAre(0));
  EXPECT_THAT(run.stepped, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8, 9));
  EXPECT_THAT(run.observed, ElementsAre(3, 6, 9, 10));
  EXPECT_THAT(run.evaluated, ElementsAre(5, 10));
  EXPECT_THAT(run.saved, ElementsAre(4, 7, 8, 10));
  EXPECT_EQ(result.loss, 10);
  ASSERT_EQ(run.last_logged.size(), 6U);
  EXPECT_EQ(run.last_logged[0], (std::pair<std::string, double>{"loss", 10}));
  EXPECT_EQ(run.last_logged[1], (std::pair<std::string, double>{"part", 7}));
  EXPECT_EQ(run.last_logged[2].first, "lr");
  EXPECT_NEAR(run.last_logged[2].second, 0.9, 1e-12);
  EXPECT_EQ(run.last_logged[5], (std::pair<std::string, double>{"waiting_share", 0.25}));
}

TEST(StepLoop, GoesOnFromWhereTheRunStands) {
  Recorder run;
  RunState at;
  at.step = 8;
  run_steps(run, at, ten_steps(), nullptr, alone());
  EXPECT_THAT(run.begun_at, ElementsAre(8));
  EXPECT_THAT(run.stepped, ElementsAre(8, 9));
}

TEST(StepLoop, AFinishedRunStartsNoFeed) {
  Recorder run;
  RunState at;
  at.step = 10;
  run_steps(run, at, ten_steps(), nullptr, alone());
  EXPECT_THAT(run.begun_at, IsEmpty());
  Recorder done;
  done.done_after = 0;
  RunState begun;
  run_steps(done, begun, ten_steps(), nullptr, alone());
  EXPECT_THAT(done.begun_at, IsEmpty());
  EXPECT_EQ(begun.step, 0);
}

TEST(StepLoop, ARunMayEndBeforeItsLastStep) {
  Recorder run;
  run.done_after = 6;
  RunState at;
  run_steps(run, at, ten_steps(), nullptr, alone());
  EXPECT_EQ(at.step, 6);
}

TEST(StepLoop, SomeBadStepsAreLeftOutAndManyInARowAreTheEnd) {
  Recorder run;
  run.bad = {1, 2, 4, 5};  // never three in a row
  RunState at;
  run_steps(run, at, ten_steps(), nullptr, alone());
  EXPECT_EQ(at.step, 10);
  Recorder worse;
  worse.bad = {4, 5, 6};
  RunState begun;
  const std::string error = testing::error_of([&] { run_steps(worse, begun, ten_steps(), nullptr, alone()); });
  EXPECT_THAT(error, HasSubstr("3 steps in a row had no finite loss: lower train.lr, or look at the numbers"));
  EXPECT_THAT(worse.saved, ElementsAre(4));  // nothing of them
}

TEST(StepLoop, ASignalEndsItAfterTheStepWithACheckpoint) {
  Recorder run;
  run.signal_in = 4;
  RunState at;
  EXPECT_THROW(run_steps(run, at, ten_steps(), nullptr, alone()), Interrupted);
  EXPECT_THAT(run.saved, ElementsAre(4, 5));
  EXPECT_EQ(at.step, 5);
}

}  // namespace
}  // namespace skysense
