#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <filesystem>
#include <map>

#include "core/error.h"
#include "core/files.h"
#include "engine/checkpoint.h"
#include "engine/product.h"
#include "engine/signals.h"
#include "engine/weights.h"
#include "finetune/task_run.h"
#include "heads/task_product.h"
#include "testing/error_of.h"
#include "testing/temporary_folder.h"
#include "tests/finetune/pattern_dataset.h"

namespace skysense {
namespace {

using testing::PatternDataset;
using testing::PatternOptions;
using testing::small_finetuning;
using testing::small_pretrained;

const PatternOptions kScenes{.side = 8, .hr_per_pixel = 4};

FinetuneOptions scene_options(int64_t steps) {
  auto options = small_finetuning("linear", steps);
  options.train.drop_path = 0.2;
  options.train.ema = 0.9;
  options.eval.every = 2;
  return options;
}

FinetuneResult run(const FinetuneOptions& options, const std::filesystem::path& folder, Resume resume = Resume::kNo,
                   const PatternOptions& patterns = kScenes) {
  const PatternDataset dataset(patterns);
  const auto pretrained = small_pretrained();
  return finetune(plan_task_run(options, "test", dataset, pretrained), dataset, pretrained, folder, resume);
}

/// Stops the run as a scheduler would, after the sample numbered `stop_at` was read for the second time.
class StoppingDataset : public PatternDataset {
 public:
  StoppingDataset(const PatternOptions& options, int64_t reads) : PatternDataset(options), left_(reads) {}
  using LabelledDataset::get;
  LabelledSample get(int64_t number, const SampleRequest& request) const override {
    if (--left_ == 0) std::raise(SIGUSR1);
    return PatternDataset::get(number, request);
  }

 private:
  mutable std::atomic<int64_t> left_;
};

TEST(Finetune, AResumedRunEqualsAnUninterruptedOneBitForBit) {
  testing::TemporaryFolder folder;
  const auto options = scene_options(6);
  run(options, folder / "whole");
  {
    const StoppingDataset dataset(kScenes, 9);
    const auto pretrained = small_pretrained();
    EXPECT_THROW(finetune(plan_task_run(options, "test", dataset, pretrained), dataset, pretrained, folder / "parts",
                          Resume::kNo),
                 Interrupted);
  }
  const auto stopped = find_newest_checkpoint(folder / "parts");
  ASSERT_TRUE(stopped);
  ASSERT_LT(read_run_state(*stopped).step, 6);
  run(options, folder / "parts", Resume::kYes);
  for (const char* file :
       {"student.safetensors", "teacher.safetensors", "optimizer.safetensors", "extra.safetensors"}) {
    EXPECT_EQ(read_text_file(folder / "whole/model" / file), read_text_file(folder / "parts/model" / file)) << file;
  }
  EXPECT_EQ(read_run_state(folder / "whole/model").extras, read_run_state(folder / "parts/model").extras);
}

TEST(Finetune, AProductLoadsWithoutTheDataSetAndSaysWhatItIsFor) {
  testing::TemporaryFolder folder;
  const PatternOptions patterns{.label = LabelKind::kMask, .classes = 3, .side = 32, .hr_per_pixel = 2, .ms_dates = 2};
  auto options = small_finetuning("fcn", 2);
  options.task.fusion = true;
  options.data.dates = {.ms = 2};
  options.task.lora.rank = 2;
  run(options, folder / "run", Resume::kNo, patterns);
  TaskProduct product = load_task_product(folder / "run");
  EXPECT_EQ(product.task.classes, (std::vector<std::string>{"class 0", "class 1", "class 2"}));
  EXPECT_EQ(product.task.kind, TaskKind::kMap);
  EXPECT_EQ(product.task.modalities, (std::vector<Modality>{Modality::kHr, Modality::kMs}));
  EXPECT_EQ(product.task.output, Modality::kMs);
  EXPECT_EQ(product.task.pixels_per_output[Modality::kHr], 2);
  EXPECT_EQ(product.task.dates[Modality::kMs], 2);
  EXPECT_EQ(product.task.tile, 32);
  EXPECT_EQ(product.task.recipe, "test");
  EXPECT_EQ(product.step, 2);
  const TaskInput input{.series = {{TaskSeries{.images = torch::zeros({1, 1, 3, 64, 64})},
                                    TaskSeries{.images = torch::zeros({1, 2, 10, 32, 32})}, std::nullopt}}};
  const auto output = product.network->forward({.times = {input}, .height = 32, .width = 32});
  EXPECT_EQ(output.logits[0].sizes(), (std::vector<int64_t>{1, 3, 32, 32}));
  // Every other --model takes what fine-tuning made of the pre-trained part.
  const Product backbone = load_product(folder / "run");
  EXPECT_TRUE(at::equal(named_tensors(*backbone.model).at("backbone.stages.3.blocks.0.attn.qkv.weight"),
                        named_tensors(*product.network).at("model.backbone.stages.3.blocks.0.attn.qkv.weight")));
}

TEST(Finetune, APretrainedModelIsNoFineTunedOne) {
  testing::TemporaryFolder folder;
  run(small_finetuning("linear", 1), folder / "run");
  std::filesystem::remove(std::filesystem::canonical(folder / "run/model") / kTaskFile);
  EXPECT_THAT(testing::error_of([&] { load_task_product(folder / "run"); }), ::testing::HasSubstr("not fine-tuned"));
}

TEST(Finetune, PatienceStopsTheRunAndTheBestCheckpointStays) {
  testing::TemporaryFolder folder;
  auto options = scene_options(40);
  options.train.ema = 0;
  options.train.schedule.lr = 0;  // nothing gets better
  options.train.schedule.schedule = "constant";
  options.eval.patience = 3;
  options.checkpoints.keep = 1;
  options.train.checkpoint_every = 1;
  const auto result = run(options, folder / "run");
  EXPECT_TRUE(result.stopped_early);
  EXPECT_EQ(result.steps, 8);
  EXPECT_EQ(result.best_step, 2);
  EXPECT_EQ(result.metric, "oa");
  EXPECT_EQ(read_run_state(folder / "run/best").step, 2);
  EXPECT_EQ(read_run_state(folder / "run/model").step, 8);
  EXPECT_EQ(load_task_product(folder / "run").step, 2);
  EXPECT_EQ(load_task_product(folder / "run/model").step, 8);
  EXPECT_TRUE(std::filesystem::exists(folder / "run/report.html"));
}

TEST(Finetune, FewShotsTrainOnThoseAlone) {
  const PatternDataset dataset({.classes = 2, .training = 10, .side = 8, .hr_per_pixel = 4});
  auto options = scene_options(1);
  options.data.selection.shots = 2;
  const auto plan = plan_task_run(options, "", dataset, small_pretrained());
  ASSERT_EQ(plan.training.size(), 4u);
  std::map<int64_t, int64_t> shots;
  for (const int64_t number : plan.training) ++shots[dataset.get(number).label.item<int64_t>()];
  EXPECT_EQ(shots, (std::map<int64_t, int64_t>{{0, 2}, {1, 2}}));
}

TEST(Finetune, EpochsBecomeStepsOfTheChosenSamples) {
  const PatternDataset dataset({.training = 10, .side = 8, .hr_per_pixel = 4});
  auto options = scene_options(1);
  options.train.epochs = 6;
  options.train.batch_size = 4;
  options.train.schedule.warmup_epochs = 2;
  const auto plan = plan_task_run(options, "", dataset, small_pretrained());
  EXPECT_EQ(plan.options.train.steps, 15);
  EXPECT_EQ(plan.options.train.schedule.warmup_steps, 5);
}

TEST(Finetune, WithoutValidationSamplesAShareIsHeldOut) {
  const PatternDataset dataset({.training = 20, .validation = 0, .side = 8, .hr_per_pixel = 4});
  auto options = scene_options(1);
  options.data.val_share = 0.25;
  const auto plan = plan_task_run(options, "", dataset, small_pretrained());
  EXPECT_EQ(plan.validation.size(), 5u);
  EXPECT_EQ(plan.training.size(), 15u);
  for (const int64_t number : plan.validation) EXPECT_EQ(std::ranges::count(plan.training, number), 0) << number;
}

TEST(Finetune, AFolderWithARunIsNotOverwritten) {
  testing::TemporaryFolder folder;
  run(small_finetuning("linear", 1), folder / "run");
  EXPECT_THROW(run(small_finetuning("linear", 1), folder / "run"), DataError);
}

}  // namespace
}  // namespace skysense
