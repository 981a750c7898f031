#include "engine/run_start.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "engine/checkpoint.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

using ::skysense::testing::TemporaryFolder;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(ResumeOf, KnowsANewStartOfTheLauncher) {
  EXPECT_EQ(resume_of(false, {}), Resume::kNo);
  EXPECT_EQ(resume_of(true, {}), Resume::kYes);
  EXPECT_EQ(resume_of(false, {{"TORCHELASTIC_RESTART_COUNT", "0"}}), Resume::kNo);
  EXPECT_EQ(resume_of(false, {{"TORCHELASTIC_RESTART_COUNT", "2"}}), Resume::kRestarted);
  EXPECT_EQ(resume_of(false, {{"SLURM_RESTART_COUNT", "1"}}), Resume::kRestarted);
  EXPECT_EQ(resume_of(true, {{"SLURM_RESTART_COUNT", "1"}}), Resume::kYes);
}

TEST(CheckpointToContinue, AnEmptyFolderBeginsHoweverItWasStarted) {
  const TemporaryFolder folder;
  for (const Resume resume : {Resume::kNo, Resume::kYes, Resume::kRestarted})
    EXPECT_TRUE(checkpoint_to_continue(folder / "run", resume, "seed: 1\n", alone()).empty());
}

TEST(CheckpointToContinue, ANewStartContinuesItsOwnRunAlone) {
  const TemporaryFolder folder;
  const std::string mine = "seed: 1\n";
  const auto written = write_checkpoint(folder.path(), mine, {}, {.step = 3}, {});
  const auto found = [&](Resume resume, const std::string& config) {
    return checkpoint_to_continue(folder.path(), resume, config, alone());
  };
  EXPECT_EQ(found(Resume::kYes, "seed: 2\n"), written);
  EXPECT_EQ(found(Resume::kRestarted, mine), written);
  EXPECT_THAT([&] { found(Resume::kNo, mine); }, ThrowsMessage<DataError>(HasSubstr("holds a run already")));
  EXPECT_THAT([&] { found(Resume::kRestarted, "seed: 2\n"); },
              ThrowsMessage<DataError>(HasSubstr("holds a run of other settings")));
}

}  // namespace
}  // namespace skysense
