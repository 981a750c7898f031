#include "heads/task_description.h"

#include <gtest/gtest.h>

#include "core/error.h"

namespace skysense {
namespace {

TaskDescription crops() {
  return {.recipe = "crops",
          .dataset = "pastis-mm",
          .kind = TaskKind::kMap,
          .classes = {"meadow", "corn"},
          .colours = {{1, 2, 3}, {4, 5, 255}},
          .modalities = {Modality::kHr, Modality::kMs},
          .dates = {{{1, 10, 1}}},
          .output = Modality::kMs,
          .tile = 32,
          .pixels_per_output = {{{8, 1, 0}}}};
}

TEST(TaskDescription, ReadsBackAsWritten) {
  const TaskDescription task = parse_task_description(format_task_description(crops()), "task.json");
  EXPECT_EQ(task.recipe, "crops");
  EXPECT_EQ(task.dataset, "pastis-mm");
  EXPECT_EQ(task.kind, TaskKind::kMap);
  EXPECT_EQ(task.classes, crops().classes);
  EXPECT_EQ(task.colours, crops().colours);
  EXPECT_EQ(task.loss, TaskLoss::kCrossEntropy);
  EXPECT_EQ(task.modalities, crops().modalities);
  EXPECT_EQ(task.dates[Modality::kMs], 10);
  EXPECT_EQ(task.pixels_per_output[Modality::kHr], 8);
  EXPECT_EQ(task.output, Modality::kMs);
  EXPECT_EQ(task.tile, 32);
}

TEST(TaskDescription, BoxesSayWhetherTheyAreOriented) {
  TaskDescription task = crops();
  task.kind = TaskKind::kBoxes;
  for (const bool oriented : {false, true}) {
    task.oriented = oriented;
    const TaskDescription read = parse_task_description(format_task_description(task), "task.json");
    EXPECT_EQ(read.kind, TaskKind::kBoxes);
    EXPECT_EQ(read.oriented, oriented);
  }
  std::string text = format_task_description(task);
  text.replace(text.find("oriented"), 8, "turned__");
  EXPECT_THROW(parse_task_description(text, "task.json"), DataError);
  // Other kinds do not have the key.
  EXPECT_EQ(format_task_description(crops()).find("oriented"), std::string::npos);
}

TEST(TaskDescription, TheBinaryLossHasOneLogitForTwoClasses) {
  TaskDescription task = crops();
  EXPECT_EQ(task.logits(), 2);
  task.loss = TaskLoss::kBinaryCrossEntropy;
  EXPECT_EQ(task.logits(), 1);
}

TEST(TaskDescription, WhatIsDamagedIsRefusedWithItsOrigin) {
  const std::string text = format_task_description(crops());
  for (const auto& [found, put] :
       std::vector<std::pair<std::string, std::string>>{{"\"map\"", "\"maps\""},
                                                        {"\"ms\"", "\"lidar\""},
                                                        {"\"corn\"", "\"meadow\""},
                                                        {"255", "256"},
                                                        {"\"format_version\": 1", "\"format_version\": 2"},
                                                        {"\"dates\": 10", "\"dates\": 0"},
                                                        {"\"tile\": 32", "\"tile\": -1"},
                                                        {"\"tile\"", "\"tiles\""}}) {
    std::string broken = text;
    const size_t position = broken.rfind(found);
    ASSERT_NE(position, std::string::npos) << found;
    broken.replace(position, found.size(), put);
    try {
      parse_task_description(broken, "task.json");
      FAIL() << "read: " << broken;
    } catch (const DataError& error) {
      const bool named = std::string(error.what()).starts_with("task.json");
      EXPECT_TRUE(named || put == "\"lidar\"") << error.what();
    }
  }
}

}  // namespace
}  // namespace skysense
