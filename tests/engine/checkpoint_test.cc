#include "engine/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <set>

#include "core/error.h"
#include "core/files.h"
#include "engine/checkpoint_files.h"
#include "engine/weights.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

namespace fs = std::filesystem;
using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

constexpr const char* kConfig = "seed: 1\n";

SensorContracts contracts() {
  SensorContracts all;
  all[Modality::kMs] = builtin_contract("sentinel2-l2a");
  return all;
}

/// The tensors of a run of which every number is `value`.
RunTensors tensors_of(float value) {
  RunTensors tensors;
  tensors.student = {{"w", torch::full({4, 3}, value)}, {"b", torch::full({4}, value)}};
  tensors.teacher = {{"w", torch::full({4, 3}, value)}, {"b", torch::full({4}, value)}};
  tensors.optimizer = {{"w.exp_avg", torch::full({4, 3}, value)}, {"w.step", torch::tensor(value)}};
  tensors.extra = {{"centre.hr", torch::full({8}, value)}};
  return tensors;
}

fs::path write(const fs::path& run, int64_t step, const CheckpointOptions& options = {}) {
  const RunState state{
      .step = step, .epoch = 2, .seed = 1ull << 63, .data_position = 5 * step, .extras = {{"best", 0.5}}};
  return write_checkpoint(run, kConfig, contracts(), state, tensors_of(static_cast<float>(step)), options);
}

std::vector<std::string> names_in(const fs::path& folder) {
  std::set<std::string> names;
  for (const auto& entry : fs::directory_iterator(folder)) names.insert(entry.path().filename().string());
  return {names.begin(), names.end()};
}

/// Whether a child process that may write no more than `bytes` to a file fails to write the run's checkpoint of `step`
/// with a DataError: what a full disk does.
bool refuses_on_a_full_disk(const fs::path& run, int64_t step, rlim_t bytes) {
  const pid_t child = ::fork();
  if (child == 0) {
    std::signal(SIGXFSZ, SIG_IGN);
    const struct rlimit limit = {bytes, bytes};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    try {
      write(run, step);
      ::_exit(0);
    } catch (const DataError&) {
      ::_exit(1);
    } catch (...) {
      ::_exit(2);
    }
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  return WIFEXITED(status) && WEXITSTATUS(status) == 1;
}

TEST(Checkpoint, ReadsBackEverything) {
  TemporaryFolder run;
  const fs::path folder = write(run.path(), 7);
  EXPECT_EQ(folder, run / "checkpoints/step-7");
  EXPECT_THAT(names_in(folder),
              ElementsAre("config.yaml", "contract.json", "extra.safetensors", "optimizer.safetensors", "state.json",
                          "student.safetensors", "teacher.safetensors"));
  const RunTensors into = tensors_of(0);
  const RunState state = read_checkpoint(folder, into);
  EXPECT_EQ(state.step, 7);
  EXPECT_EQ(state.epoch, 2);
  EXPECT_EQ(state.seed, 1ull << 63);
  EXPECT_EQ(state.data_position, 35);
  EXPECT_EQ(state.extras.at("best"), 0.5);
  const RunTensors wanted = tensors_of(7);
  for (const auto member : {&RunTensors::student, &RunTensors::teacher, &RunTensors::optimizer, &RunTensors::extra}) {
    for (const auto& [name, tensor] : wanted.*member) EXPECT_TRUE(at::equal((into.*member).at(name), tensor)) << name;
  }
  EXPECT_EQ(read_contracts(folder)[Modality::kMs]->name, "sentinel2-l2a");
  EXPECT_EQ(read_text_file(folder / "config.yaml"), kConfig);
}

TEST(Checkpoint, LargeOptimizerStateIsSplitByWholeTensors) {
  TemporaryFolder run;
  RunTensors tensors = tensors_of(1);
  tensors.optimizer.clear();
  for (int i = 0; i < 5; ++i) tensors.optimizer["p" + std::to_string(i)] = torch::full({100}, static_cast<float>(i));
  const fs::path folder =
      write_checkpoint(run.path(), kConfig, contracts(), {.step = 1}, tensors, {.optimizer_file_bytes = 900});
  EXPECT_TRUE(fs::exists(folder / "optimizer-00003-of-00003.safetensors"));
  const auto index = nlohmann::json::parse(read_text_file(folder / "optimizer.index.json"));
  EXPECT_EQ(index.at("format_version"), 1);
  EXPECT_EQ(index.at("weight_map").at("p2"), "optimizer-00002-of-00003.safetensors");
  EXPECT_EQ(index.at("metadata").at("total_size"), 2000);
  EXPECT_EQ(load_tensors(folder / "optimizer-00001-of-00003.safetensors").size(), 2u);

  RunTensors into = tensors_of(0);
  into.optimizer.clear();
  for (int i = 0; i < 5; ++i) into.optimizer["p" + std::to_string(i)] = torch::zeros({100});
  read_checkpoint(folder, into);
  EXPECT_EQ(into.optimizer.at("p4")[0].item<float>(), 4);
  fs::remove(folder / "optimizer-00002-of-00003.safetensors");
  EXPECT_THAT([&] { read_checkpoint(folder, into); },
              ThrowsMessage<DataError>(HasSubstr("optimizer-00002-of-00003.safetensors")));
}

TEST(Checkpoint, AFileCutAnywhereIsRefusedByName) {
  TemporaryFolder run;
  const fs::path folder = write(run.path(), 1);
  for (const std::string& name : names_in(folder)) {
    const std::string bytes = read_text_file(folder / name);
    for (size_t length = 0; length < bytes.size(); ++length) {
      fs::resize_file(folder / name, length);
      if (name == kStateFile && length + 1 == bytes.size()) {  // only the newline is gone
        EXPECT_NO_THROW(check_checkpoint(folder));
      } else {
        EXPECT_THAT([&] { read_checkpoint(folder, tensors_of(0)); }, ThrowsMessage<DataError>(HasSubstr(name)))
            << length;
        EXPECT_EQ(find_newest_checkpoint(run.path()), std::nullopt);
      }
      write_file_atomically(folder / name, bytes);
    }
  }
  EXPECT_EQ(find_newest_checkpoint(run.path()), folder);
}

TEST(Checkpoint, AMissingFileIsRefusedByName) {
  TemporaryFolder run;
  const fs::path folder = write(run.path(), 1);
  for (const std::string& name : names_in(folder)) {
    const std::string bytes = read_text_file(folder / name);
    fs::remove(folder / name);
    EXPECT_THAT([&] { check_checkpoint(folder); }, ThrowsMessage<DataError>(HasSubstr(name)));
    write_file_atomically(folder / name, bytes);
  }
}

TEST(Checkpoint, ChangedShapesAndMissingPartsAreRefused) {
  TemporaryFolder run;
  const fs::path folder = write(run.path(), 1);
  RunTensors wider = tensors_of(0);
  wider.teacher["w"] = torch::zeros({5, 3});
  EXPECT_THAT([&] { read_checkpoint(folder, wider); },
              ThrowsMessage<DataError>(
                  AllOf(HasSubstr("teacher.safetensors"), HasSubstr("'w' has shape [4, 3], wanted [5, 3]"))));
  RunTensors without_extra = tensors_of(0);
  without_extra.extra.clear();
  EXPECT_THAT([&] { read_checkpoint(folder, without_extra); },
              ThrowsMessage<DataError>(HasSubstr("unexpected extra.safetensors")));
}

TEST(Checkpoint, AnotherFormatVersionIsRefused) {
  TemporaryFolder run;
  const fs::path folder = write(run.path(), 1);
  auto state = nlohmann::json::parse(read_text_file(folder / "state.json"));
  state["format_version"] = 2;
  write_file_atomically(folder / "state.json", state.dump());
  EXPECT_THAT(
      [&] { read_run_state(folder); },
      ThrowsMessage<DataError>(AllOf(HasSubstr("state.json"), HasSubstr("format_version is 2, this program reads 1"))));
}

TEST(Checkpoint, TheNewestWholeOneIsFoundByNumber) {
  TemporaryFolder run;
  EXPECT_EQ(find_newest_checkpoint(run.path()), std::nullopt);
  for (const int64_t step : {9, 10, 100}) write(run.path(), step);
  fs::create_directories(run / "checkpoints/.step-200.1.tmp");
  fs::create_directories(run / "checkpoints/step-final");
  EXPECT_EQ(find_newest_checkpoint(run.path()), run / "checkpoints/step-100");
  fs::resize_file(run / "checkpoints/step-100/teacher.safetensors", 10);
  EXPECT_EQ(find_newest_checkpoint(run.path()), run / "checkpoints/step-10");
}

TEST(Checkpoint, KeepsTheNewestAndRemovesWhatInterruptedWritesLeft) {
  TemporaryFolder run;
  for (const int64_t step : {1, 2, 3, 4}) {
    fs::create_directories(run / "checkpoints/.step-9.77.tmp/inner");
    write(run.path(), step, {.keep = 2});
  }
  EXPECT_THAT(names_in(run / "checkpoints"), ElementsAre("step-3", "step-4"));
  fs::resize_file(run / "checkpoints/step-4/teacher.safetensors", 10);
  prune_checkpoints(run.path(), 1);  // the damaged one does not count, and nothing whole is lost for it
  EXPECT_THAT(names_in(run / "checkpoints"), ElementsAre("step-3", "step-4"));
}

TEST(Checkpoint, WhatAnInterruptedWriteLeftGoesBeforeTheNextNeedsItsRoom) {
  TemporaryFolder run;
  fs::create_directories(run / "checkpoints/.step-9.77.tmp/inner");
  ASSERT_TRUE(refuses_on_a_full_disk(run.path(), 10, 100));
  EXPECT_FALSE(fs::exists(run / "checkpoints/.step-9.77.tmp"));
}

TEST(Checkpoint, TheModelLinkPointsToTheNewestAndMovesWithTheRun) {
  TemporaryFolder outer;
  write(outer / "run", 1);
  write(outer / "run", 2);
  EXPECT_EQ(fs::read_symlink(outer / "run/model"), fs::path("checkpoints/step-2"));
  fs::rename(outer / "run", outer / "moved");
  EXPECT_EQ(read_run_state(outer / "moved/model").step, 2);
}

TEST(Checkpoint, TheBestOneStaysWhateverItsAge) {
  TemporaryFolder run;
  mark_best(run.path(), write(run.path(), 1));
  for (const int64_t step : {2, 3, 4}) write(run.path(), step, {.keep = 2});
  EXPECT_THAT(names_in(run / "checkpoints"), ElementsAre("step-1", "step-3", "step-4"));
  EXPECT_EQ(read_run_state(run / "best").step, 1);
  mark_best(run.path(), run / "checkpoints/step-4");
  write(run.path(), 5, {.keep = 2});
  EXPECT_THAT(names_in(run / "checkpoints"), ElementsAre("step-4", "step-5"));
}

TEST(Checkpoint, DocumentsStandBesideTheWeightsAndAreCheckedWithThem) {
  TemporaryFolder run;
  const fs::path folder = write_checkpoint(run.path(), kConfig, contracts(), {.step = 1}, tensors_of(1), {}, alone(),
                                           {{"task.json", "{}"}});
  EXPECT_EQ(read_text_file(folder / "task.json"), "{}");
  fs::resize_file(folder / "task.json", 1);
  EXPECT_THROW(check_checkpoint(folder), DataError);
}

TEST(Checkpoint, WritingAStepAgainReplacesIt) {
  TemporaryFolder run;
  write(run.path(), 3);
  write_checkpoint(run.path(), "seed: 2\n", contracts(), {.step = 3}, tensors_of(8));
  EXPECT_EQ(read_text_file(run / "model/config.yaml"), "seed: 2\n");
  EXPECT_THAT(names_in(run / "checkpoints"), ElementsAre("step-3"));
}

TEST(Checkpoint, AFullDiskLeavesTheEarlierOneAndNothingElse) {
  TemporaryFolder run;
  write(run.path(), 1);
  uintmax_t largest = 0;
  for (const auto& entry : fs::directory_iterator(run / "model")) largest = std::max(largest, entry.file_size());
  for (rlim_t bytes = 0; bytes < largest; bytes += 37) {
    ASSERT_TRUE(refuses_on_a_full_disk(run.path(), 2, bytes)) << bytes;
    ASSERT_THAT(names_in(run / "checkpoints"), ElementsAre("step-1")) << bytes;
  }
  EXPECT_EQ(read_checkpoint(run / "model", tensors_of(0)).step, 1);
  EXPECT_FALSE(refuses_on_a_full_disk(run.path(), 2, 1 << 20));
}

}  // namespace
}  // namespace skysense
