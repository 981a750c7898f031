#include "engine/run_log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <sstream>

#include "core/error.h"
#include "core/files.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

using ::testing::ElementsAre;
using testing::TemporaryFolder;

std::vector<int64_t> steps_in(const std::filesystem::path& file) {
  std::vector<int64_t> steps;
  std::istringstream lines(read_text_file(file));
  for (std::string line; std::getline(lines, line);) steps.push_back(nlohmann::json::parse(line).at("step"));
  return steps;
}

TEST(RunLog, EachStepIsOneFlushedLine) {
  TemporaryFolder run;
  RunLog log(run.path(), 0);
  log.write(1, {{"loss", 7.5}, {"lr", 1e-4}});
  EXPECT_EQ(read_text_file(run / "log.jsonl"), "{\"step\":1,\"loss\":7.5,\"lr\":0.0001}\n");
  log.write(2, {{"loss", NAN}});
  EXPECT_THAT(read_text_file(run / "log.jsonl"), ::testing::HasSubstr("{\"step\":2,\"loss\":null}\n"));
}

TEST(RunLog, AResumedRunHasNoStepTwice) {
  TemporaryFolder run;
  {
    RunLog log(run.path(), 0);
    for (int64_t step = 1; step <= 5; ++step) log.write(step, {{"loss", 1.0}});
  }
  std::ofstream(run / "log.jsonl", std::ios::app) << "{\"step\": 6, \"lo";  // cut by a kill
  RunLog log(run.path(), 3);
  EXPECT_THAT(steps_in(run / "log.jsonl"), ElementsAre(1, 2, 3));
  log.write(4, {{"loss", 2.0}});
  EXPECT_THAT(steps_in(run / "log.jsonl"), ElementsAre(1, 2, 3, 4));
}

TEST(RunLog, ALineCutShortGoesEvenWhereItsStepStays) {
  TemporaryFolder run;
  write_file_atomically(run / "log.jsonl", "{\"step\":1,\"loss\":1.0}\n{\"step\":2,\"lo");
  RunLog log(run.path(), 2);
  EXPECT_EQ(read_text_file(run / "log.jsonl"), "{\"step\":1,\"loss\":1.0}\n");
}

/// Also the input of tests/cli/test_tensorboard.py, which names the folder.
TEST(RunLog, LogsOfAResumedRunForOtherReaders) {
  TemporaryFolder own;
  const char* named = std::getenv("SKYSENSE_RUN_LOG_FOLDER");
  const std::filesystem::path run = named != nullptr ? std::filesystem::path(named) : own.path();
  {
    RunLog log(run, 0);
    for (int64_t step = 1; step <= 5; ++step) {
      log.write(step, {{"loss", 0.5 + static_cast<double>(step)}, {"lr", 1e-3 * static_cast<double>(step)}});
    }
  }
  RunLog log(run, 3);
  for (int64_t step = 4; step <= 6; ++step) log.write(step, {{"loss", -static_cast<double>(step)}, {"lr", 1.0}});
  EXPECT_THAT(steps_in(run / "log.jsonl"), ElementsAre(1, 2, 3, 4, 5, 6));
}

TEST(EventFile, ChecksumIsCastagnolis) {
  // RFC 3720 appendix B.4.
  EXPECT_EQ(crc32c(std::string(32, '\0')), 0x8A9136AAu);
  EXPECT_EQ(crc32c(std::string(32, '\xFF')), 0x62A8AB43u);
  EXPECT_EQ(crc32c("123456789"), 0xE3069283u);
}

TEST(EventFile, FramesFollowEachOther) {
  TemporaryFolder folder;
  EventFile events(folder.path(), 0);
  events.add_scalar(3, "loss", 0.5);
  events.flush();
  const std::string bytes = read_text_file(events.path());
  // Version record: 8 + 4 + (9 wall time + 2 + 13 text) + 4; scalar record: 8 + 4 + (9 + 2 step + 4 keys + 6 + 5) + 4.
  ASSERT_EQ(bytes.size(), 40u + 42u);
  EXPECT_EQ(bytes.substr(40, 8), std::string("\x1A\0\0\0\0\0\0\0", 8));
  EXPECT_THAT(bytes.substr(52, 26), ::testing::EndsWith(std::string("\x0A\x04loss\x15\0\0\0\x3F", 11)));
}

TEST(EventFile, TwoFilesOfOneSecondDoNotCollide) {
  TemporaryFolder folder;
  const EventFile first(folder.path(), 0), second(folder.path(), 0);
  EXPECT_NE(first.path(), second.path());
}

}  // namespace
}  // namespace skysense
