#include "finetune/task_evaluation.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "core/error.h"
#include "finetune/task_run.h"
#include "finetune/task_training.h"
#include "testing/all_close.h"
#include "tests/finetune/pattern_dataset.h"

namespace skysense {
namespace {

using testing::PatternDataset;
using testing::small_finetuning;
using testing::small_pretrained;

TaskDescription task_of(TaskKind kind, const std::vector<std::string>& classes) {
  TaskDescription task;
  task.kind = kind;
  task.classes = classes;
  return task;
}

TEST(EvaluationTiles, TheirCoresCoverEveryPixelOnce) {
  for (const auto& [width, height, side, step] :
       std::vector<std::array<int64_t, 4>>{{100, 70, 32, 1}, {64, 64, 64, 1}, {96, 40, 32, 8}, {20, 90, 32, 1}}) {
    const FrameGrid grid{{width, height}, step, step, "x"};
    auto times = torch::zeros({height, width}, torch::kInt64);
    for (const auto& [window, core] : evaluation_tiles(grid, side, 0.25)) {
      times.narrow(0, core.y, core.height).narrow(1, core.x, core.width) += 1;
      EXPECT_EQ(core.intersect(window), core);
      EXPECT_EQ(window.width, std::min(side, width));
      EXPECT_EQ(window.x % step, 0);
      // Within the raster no pixel of a core is nearer to its tile's edge than an eighth of the side.
      EXPECT_TRUE(window.x == 0 || core.x - window.x >= side / 8);
      EXPECT_TRUE(window.y == 0 || core.y - window.y >= side / 8);
    }
    EXPECT_TRUE(at::equal(times, torch::ones_like(times))) << width << " x " << height;
  }
}

TEST(TaskScores, KnownAnswersGiveKnownMetrics) {
  TaskScores scores(task_of(TaskKind::kScene, {"a", "b", "c"}));
  scores.add_scenes(torch::tensor({{3.0f, 1.0f, 0.0f}, {0.0f, 1.0f, 2.0f}, {5.0f, 4.0f, 3.0f}, {0.0f, 9.0f, 1.0f}}),
                    torch::tensor({0, 1, -1, 1}, torch::kInt64));
  EXPECT_EQ(scores.size(), 3);
  EXPECT_DOUBLE_EQ(scores.value("oa"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores.value("top1"), 2.0 / 3);
  EXPECT_DOUBLE_EQ(scores.value("top5"), 1);
  EXPECT_THROW(scores.value("scs"), UsageError);

  TaskScores change(task_of(TaskKind::kChange, {"unchanged", "changed"}));
  change.add_map(torch::tensor({{1, 1, 0, -1}}, torch::kInt64), torch::tensor({{1, 0, 1, 1}}, torch::kInt64));
  EXPECT_DOUBLE_EQ(change.value("f1"), 0.5);
  EXPECT_DOUBLE_EQ(change.value("iou"), 1.0 / 3);
}

TEST(TaskScores, IntervalsAreOverImagesNotPixels) {
  // One image all right, one all wrong: however many pixels, the interval is that of two pieces.
  TaskScores scores(task_of(TaskKind::kChange, {"unchanged", "changed"}));
  const auto changed = torch::ones({50, 50}, torch::kInt64);
  scores.add_map(changed, changed);
  scores.add_map(changed, torch::zeros_like(changed));
  const auto interval = scores.interval({.resamples = 200});
  EXPECT_EQ(interval.low, 0);
  EXPECT_EQ(interval.high, 1);
}

/// A network that was trained a little, on maps whose tiles it sees one by one.
struct TrainedMaps {
  PatternDataset dataset{{.label = LabelKind::kMask, .classes = 3, .side = 64, .ms_dates = 1}};
  FinetuneOptions options = small_finetuning("upernet", 1);
  PretrainedModel pretrained = small_pretrained();
  TaskRun run = plan_task_run(options, "", dataset, pretrained);
  TaskTraining training{make_starting_model(pretrained, run.setup.contracts, options),
                        std::nullopt,
                        run.setup,
                        options,
                        alone(),
                        torch::kCPU};

  /// With so many tiles at once.
  TaskScores scores(int64_t batch, const ObserveMaps& observe = {}) {
    TaskEvaluationOptions eval;
    eval.batch = batch;
    std::optional<TaskScores> result;
    training.with_product([&](TaskNetwork& network) {
      result.emplace(evaluate_task(network,
                                   {.dataset = dataset,
                                    .samples = run.validation,
                                    .setup = run.setup,
                                    .options = options.task,
                                    .frame = options.data.frame,
                                    .eval = eval},
                                   {.maps = observe}));
    });
    return *result;
  }
};

TEST(TaskEvaluation, LargeImagesAreJudgedWholeWhateverTheBatch) {
  TrainedMaps trained;
  int64_t observed = 0;
  const auto together = trained.scores(5, [&](int64_t, const torch::Tensor& truth, const torch::Tensor& map) {
    ++observed;
    EXPECT_EQ(truth.sizes(), (std::vector<int64_t>{1, 64, 64}));
    EXPECT_EQ(map.sizes(), truth.sizes());
  });
  EXPECT_EQ(observed, 4);
  EXPECT_EQ(together.confusion()->total(), 4 * 64 * 64);
  const auto one_by_one = trained.scores(1);
  EXPECT_NEAR(together.value("oa"), one_by_one.value("oa"), 1e-3);
}

TEST(TaskEvaluation, MapsThatFollowEachOtherInTimeAreMeasuredByTheirChange) {
  const auto metrics = [](bool monthly) {
    const PatternDataset dataset(
        {.label = LabelKind::kMask, .classes = 3, .side = 32, .ms_dates = 1, .monthly = monthly});
    const auto options = small_finetuning("upernet", 1);
    const auto pretrained = small_pretrained();
    const TaskRun run = plan_task_run(options, "", dataset, pretrained);
    TaskTraining training(make_starting_model(pretrained, run.setup.contracts, options), std::nullopt, run.setup,
                          options, alone(), torch::kCPU);
    std::vector<std::string> names;
    training.with_product([&](TaskNetwork& network) {
      const TaskScores scores = evaluate_task(network, {.dataset = dataset,
                                                        .samples = run.validation,
                                                        .setup = run.setup,
                                                        .options = options.task,
                                                        .frame = options.data.frame,
                                                        .eval = options.eval});
      for (const auto& [name, value] : scores.values()) names.push_back(name);
    });
    return names;
  };
  EXPECT_EQ(metrics(true).front(), "scs");
  EXPECT_EQ(std::ranges::count(metrics(false), "scs"), 0);
}

TEST(TaskEvaluation, AnotherDataSetMustFitTheModel) {
  TrainedMaps trained;
  const auto& task = trained.run.setup.task;
  const auto& contracts = trained.run.setup.contracts;
  DatasetDescription other = trained.dataset.description();
  EXPECT_NO_THROW(check_dataset_fits(task, contracts, other));
  other.classes[1] = "another";
  EXPECT_THROW(check_dataset_fits(task, contracts, other), DataError);
  other = trained.dataset.description();
  std::swap(other.sensors[Modality::kMs]->bands[0], other.sensors[Modality::kMs]->bands[2]);
  EXPECT_THROW(check_dataset_fits(task, contracts, other), DataError);
  other = trained.dataset.description();
  other.sensors[Modality::kMs] = std::nullopt;
  EXPECT_THROW(check_dataset_fits(task, contracts, other), DataError);
}

}  // namespace
}  // namespace skysense
