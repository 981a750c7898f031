#include <gtest/gtest.h>

#include <atomic>
#include <cmath>
#include <csignal>
#include <string>
#include <vector>

#include "core/error.h"
#include "core/files.h"
#include "datasets/tiled_dataset.h"
#include "detection/detection_product.h"
#include "engine/checkpoint.h"
#include "engine/product.h"
#include "engine/signals.h"
#include "engine/weights.h"
#include "finetune/augment.h"
#include "testing/as_ranks.h"
#include "testing/temporary_folder.h"
#include "tests/finetune/object_dataset.h"
#include "tests/finetune/train_steps.h"

namespace skysense {
namespace {

using testing::expect_same_training;
using testing::ObjectDataset;
using testing::small_detection_run;
using testing::small_pretrained;
using testing::Trained;

Trained train(const FinetuneOptions& options, const Ranks& ranks = alone(), int64_t experts = 0) {
  return testing::train_steps(ObjectDataset({.difficult = true}), options, small_pretrained(experts), ranks);
}

/// Everything that moves objects, and drop path.
FinetuneOptions moving_run(DetectorKind detector) {
  auto options = small_detection_run(detector, 2);
  options.train.schedule.lr = 1e-4;
  options.train.drop_path = 0.2;
  options.augment.quarter_turn = options.augment.rotation = 0.5;
  options.augment.min_scale = 0.7;
  options.augment.max_scale = 1.4;
  return options;
}

TEST(ObjectTraining, TwoMicroBatchesAreOneBatch) {
  auto options = moving_run(DetectorKind::kOrientedRcnn);
  const Trained whole = train(options);
  options.train.accumulate = 2;
  expect_same_training(train(options), whole);
}

TEST(ObjectTraining, TwoRanksAreOne) {
  const auto options = moving_run(DetectorKind::kFasterRcnn);
  const Trained one = train(options, alone(), 2);
  const auto results =
      testing::as_ranks(2, 29'655, [&](std::unique_ptr<Ranks>& ranks) { return train(options, *ranks, 2); });
  for (const Trained& rank : results) expect_same_training(rank, one);
}

TEST(ObjectTraining, TheLossIsTheSumOfItsNamedParts) {
  const TaskStep step = train(small_detection_run(DetectorKind::kFasterRcnn, 1)).steps.front();
  double sum = 0;
  std::vector<std::string> names;
  for (const auto& [name, value] : step.parts) {
    names.push_back(name);
    sum += value;
    EXPECT_GT(value, 0) << name;
  }
  EXPECT_EQ(names, (std::vector<std::string>{"proposals.objectness", "proposals.box", "head.class", "head.box"}));
  EXPECT_NEAR(sum, step.loss, 1e-6);
}

/// Stops the run as a scheduler would, at a read.
class StoppingDataset : public ObjectDataset {
 public:
  StoppingDataset(const testing::ObjectDatasetOptions& options, int64_t reads) : ObjectDataset(options), left_(reads) {}
  using LabelledDataset::get;
  LabelledSample get(int64_t number, const SampleRequest& request) const override {
    if (--left_ == 0) std::raise(SIGUSR1);
    return ObjectDataset::get(number, request);
  }

 private:
  mutable std::atomic<int64_t> left_;
};

TEST(ObjectTraining, AResumedRunEqualsAnUninterruptedOneBitForBitAndLoadsAsADetector) {
  testing::TemporaryFolder folder;
  auto options = moving_run(DetectorKind::kOrientedRcnn);
  options.train.steps = 4;
  options.train.batch_size = 2;
  options.train.ema = 0.9;
  options.task.lora.rank = 2;
  const auto pretrained = small_pretrained();
  const auto run = [&](const LabelledDataset& dataset, const char* name, Resume resume) {
    return finetune(plan_task_run(options, "test", dataset, pretrained), dataset, pretrained, folder / name, resume);
  };
  const ObjectDataset dataset({.side = 96});
  const FinetuneResult result = run(dataset, "whole", Resume::kNo);
  EXPECT_EQ(result.metric, "map50");
  EXPECT_THROW(run(StoppingDataset({.side = 96}, 6), "parts", Resume::kNo), Interrupted);
  const auto stopped = find_newest_checkpoint(folder / "parts");
  ASSERT_TRUE(stopped);
  ASSERT_LT(read_run_state(*stopped).step, 4);
  run(dataset, "parts", Resume::kYes);
  for (const char* file : {"student.safetensors", "teacher.safetensors", "optimizer.safetensors", "extra.safetensors"})
    EXPECT_EQ(read_text_file(folder / "whole/model" / file), read_text_file(folder / "parts/model" / file)) << file;
  EXPECT_EQ(read_run_state(folder / "whole/model").extras, read_run_state(folder / "parts/model").extras);

  DetectionProduct product = load_detection_product(folder / "whole");
  EXPECT_EQ(product.parts.task.classes, (std::vector<std::string>{"red", "green"}));
  EXPECT_TRUE(product.parts.task.oriented);
  EXPECT_EQ(product.parts.task.tile, 64);
  EXPECT_EQ(product.parts.step, 4);
  EXPECT_EQ(product.detection.rpn.anchor_sizes, options.detection.rpn.anchor_sizes);
  const Product backbone = load_product(folder / "whole");  // as any --model
  EXPECT_TRUE(at::equal(named_tensors(*backbone.model).at("backbone.stages.3.blocks.0.attn.qkv.weight"),
                        named_tensors(*product.network).at("model.backbone.stages.3.blocks.0.attn.qkv.weight")));
}

TEST(ObjectTraining, CropsShowAnObjectWhereTheySearchForOne) {
  const ObjectDataset dataset({.side = 256, .sparse = true});  // 1/16 of the image has objects
  const auto crops_with_objects = [&](bool find) {
    TaskAugmentOptions augment;
    augment.find_objects = find;
    int64_t found = 0;
    for (uint64_t epoch = 0; epoch < 40; ++epoch) {
      const auto sample =
          read_augmented(dataset, 0, {.side = 64}, augment, modality_flags({Modality::kHr}), {.epoch = epoch});
      found += sample.objects->size() > 0 ? 1 : 0;
    }
    return found;
  };
  const int64_t plain = crops_with_objects(false), searched = crops_with_objects(true);
  EXPECT_LT(plain, 12);
  EXPECT_GT(searched, 2 * plain);
}

TEST(ObjectTraining, TilesWithoutObjectsAreLeftOut) {
  const TiledDataset tiles(std::make_unique<ObjectDataset>(testing::ObjectDatasetOptions{.side = 256, .sparse = true}),
                           {.side = 64, .stride = 64}, {"train"});
  auto options = small_detection_run(DetectorKind::kFasterRcnn, 1);
  EXPECT_EQ(plan_task_run(options, "", tiles, small_pretrained()).training.size(), 4u * 16u);
  options.data.with_objects = true;
  const auto training = plan_task_run(options, "", tiles, small_pretrained()).training;
  EXPECT_EQ(training, (std::vector<int64_t>{0, 16, 32, 48}));
}

TEST(ObjectTraining, SettingsThatDoNotFitAreRefused) {
  const auto refuses = [](const FinetuneOptions& options, const testing::ObjectDatasetOptions& data) {
    EXPECT_THROW(plan_task_run(options, "", ObjectDataset(data), small_pretrained()), UsageError);
  };
  refuses(small_detection_run(DetectorKind::kOrientedRcnn, 1), {.oriented = false});
  refuses(testing::small_finetuning("upernet", 1), {});
  auto options = small_detection_run(DetectorKind::kFasterRcnn, 1);
  options.loss.class_weights = {1, 2};
  refuses(options, {});
  options = small_detection_run(DetectorKind::kFasterRcnn, 1);
  options.augment.mixup.chance = 1;
  refuses(options, {});
  const testing::PatternDataset maps({.label = LabelKind::kMask, .ms_dates = 1});
  EXPECT_THROW(plan_task_run(small_detection_run(DetectorKind::kFasterRcnn, 1), "", maps, small_pretrained()),
               UsageError);
}

}  // namespace
}  // namespace skysense
