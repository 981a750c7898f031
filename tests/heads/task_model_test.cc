#include "heads/task_model.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/error.h"
#include "heads/task_loss.h"
#include "model/grid_resize.h"
#include "testing/all_close.h"
#include "tests/model/reference.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::random_tensor;
using testing::randomise;

const ModelOptions kSmall{.dim = 32, .depths = {1, 1, 1, 1}, .position_grid = 4, .fusion_layers = 1, .fusion_dim = 64};
constexpr int64_t kPlaces = 2, kDates = 3, kClasses = 3;
constexpr int64_t kHrSide = 70, kMsSide = 9;  // no multiples of anything

SkysenseModel make_model(ModelOptions options = kSmall) {
  SkysenseModel model(options, PerModality<int64_t>{{3, 4, 2}});
  randomise(*model);
  return model;
}

TaskModel make_task(TaskModelOptions options, ModelOptions sizes = kSmall) {
  options.channels = options.auxiliary_channels = 16;
  TaskModel task(make_model(sizes), options);
  task->initialise_heads(at::make_generator<at::CPUGeneratorImpl>(3));
  task->eval();
  return task;
}

TaskInput hr_image(uint64_t seed = 1) {
  TaskInput input;
  input.series[Modality::kHr] = TaskSeries{.images = random_tensor({kPlaces, 1, 3, kHrSide, kHrSide - 3}, seed)};
  return input;
}

TaskInput all_sensors(uint64_t seed = 1) {
  TaskInput input;
  input.series[Modality::kHr] = TaskSeries{.images = random_tensor({kPlaces, 1, 3, kHrSide, kHrSide}, seed)};
  for (const auto& [modality, channels] : {std::pair{Modality::kMs, 4}, {Modality::kSar, 2}}) {
    input.series[modality] =
        TaskSeries{.images = random_tensor({kPlaces, kDates, channels, kMsSide, kMsSide}, seed + 1),
                   .valid = at::ones({kPlaces, kDates, kMsSide, kMsSide}, at::kBool),
                   .day_of_year = at::full({kPlaces, kDates}, 100, at::kLong),
                   .present = at::ones({kPlaces, kDates}, at::kBool)};
  }
  return input;
}

TaskBatch batch_of(std::vector<TaskInput> times) {
  return {.times = std::move(times), .height = 37, .width = 41, .row_keys = RowKeys{1, 2}};
}

torch::Tensor logits(TaskModel& task, std::vector<TaskInput> times) {
  const torch::NoGradGuard no_grad;
  return task(batch_of(std::move(times))).logits.at(0);
}

TaskBatch batch_for(HeadKind head) {
  std::vector<TaskInput> times = {hr_image(1)};
  if (times_of(head) == 2) times.push_back(hr_image(2));
  return batch_of(times);
}

constexpr std::array kAllHeads = {HeadKind::kLinear, HeadKind::kFcn,  HeadKind::kUperNet,
                                  HeadKind::kBit,    HeadKind::kUNet, HeadKind::kUperNetChange};

TEST(TaskModel, EveryHeadGivesLogitsAtLabelResolutionAndTrainsTheWholeBackbone) {
  for (const HeadKind head : kAllHeads) {
    auto task = make_task({.head = head, .classes = kClasses});
    task->train();
    const auto output = task(batch_for(head));
    const auto labels =
        head == HeadKind::kLinear ? at::full({kPlaces}, 1, at::kLong) : at::full({kPlaces, 37, 41}, 1, at::kLong);
    for (const auto& map : output.logits) {
      EXPECT_EQ(map.size(1), kClasses);
      EXPECT_EQ(map.sizes().slice(2), labels.sizes().slice(1)) << head_name(head);
    }
    task_loss(output, std::vector<torch::Tensor>(output.logits.size(), labels), {}).backward();
    for (const auto& item : task->named_parameters()) {
      // Of other modalities, the fusion encoder, and the norms of stages that the head does not read.
      if (item.key().find("model.tokenizers.hr") == std::string::npos && !item.key().starts_with("head")) continue;
      ASSERT_TRUE(item.value().grad().defined()) << head_name(head) << " " << item.key();
      EXPECT_TRUE(item.value().grad().isfinite().all().item<bool>()) << item.key();
    }
  }
}

TEST(TaskModel, AStaticTaskIsTheHeadOnTheBackbonesStages) {
  auto task = make_task({.head = HeadKind::kUperNet, .classes = kClasses, .auxiliary = false});
  auto model = make_model();
  model->eval();
  const torch::NoGradGuard no_grad;
  std::vector<torch::Tensor> levels;
  for (const auto& stage : model->encode(Modality::kHr, hr_image().series[Modality::kHr]->images.squeeze(1)).stages)
    levels.push_back(stage.permute({0, 3, 1, 2}));
  UperNet head(UperNetOptions{.inputs = pyramid_channels(kSmall, false), .classes = kClasses, .channels = 16});
  auto weights = task->named_parameters();
  for (auto& item : head->named_parameters()) item.value().copy_(weights["head." + item.key()]);
  head->eval();
  EXPECT_TRUE(all_close(logits(task, {hr_image()}), resize_map(head(levels), 37, 41), 1e-5, 1e-6));
}

TEST(TaskModel, AFusedTaskIsTheHeadOnTheFusionEncodersMap) {
  auto task = make_task({.head = HeadKind::kLinear, .classes = kClasses, .features = {.fusion = true}});
  auto model = make_model();
  model->eval();
  const torch::NoGradGuard no_grad;
  const auto input = all_sensors();
  FusionInput fusion{.grid_height = kMsSide, .grid_width = kMsSide};
  for (const Modality modality : kModalities) {
    const auto& series = *input.series[modality];
    const auto maps = model->encode(modality, series.images.flatten(0, 1)).stages.back();
    fusion.series[modality] = FusionSeries{.features = maps.unflatten(0, {kPlaces, series.images.size(1)}),
                                           .day_of_year = series.day_of_year};
  }
  const auto pooled = model->fuse(fusion).fused.mean({1, 2});
  const auto weights = task->named_parameters();
  const auto expected = pooled.matmul(weights["head.classifier.weight"].t()) + weights["head.classifier.bias"];
  EXPECT_TRUE(all_close(logits(task, {input}), expected, 1e-5, 1e-6));
}

TEST(TaskModel, ThePyramidsTopHoldsStage4AndTheFusedFeature) {
  TaskFeatures features;
  for (const int64_t side : {8, 4, 2, 1}) features.levels.push_back(random_tensor({1, 64 / side, side, side}));
  features.fused = random_tensor({1, 5, 4, 4});
  const auto levels = pyramid_of(features);
  EXPECT_TRUE(torch::equal(levels[3].narrow(1, 0, 64), features.levels[3]));
  EXPECT_TRUE(all_close(levels[3].narrow(1, 64, 5), features.fused.mean({2, 3}, true)));
  EXPECT_EQ(features.levels[3].size(1), 64) << "the features themselves stay";
}

TEST(TaskModel, AbsentDatesChangeNothing) {
  for (const HeadKind head : {HeadKind::kFcn, HeadKind::kUperNet}) {
    auto task = make_task({.head = head, .classes = kClasses, .features = {.modality = Modality::kMs, .fusion = true}});
    auto input = all_sensors();
    auto& ms = *input.series[Modality::kMs];
    ms.present.select(1, 1).fill_(false);
    const auto before = logits(task, {input});
    ms.images.select(1, 1).fill_(std::numeric_limits<float>::quiet_NaN());
    EXPECT_TRUE(torch::equal(logits(task, {input}), before));
    for (torch::Tensor* tensor : {&ms.images, &ms.valid, &ms.day_of_year, &ms.present})
      *tensor = at::cat({tensor->narrow(1, 0, 1), tensor->narrow(1, 2, 1)}, 1);
    EXPECT_TRUE(all_close(logits(task, {input}), before, 1e-4, 1e-5));
  }
}

TEST(TaskModel, ASensorWithoutAnyImageIsAsGoodAsNone) {
  auto task = make_task({.head = HeadKind::kFcn, .classes = kClasses, .features = {.fusion = true}});
  auto pyramid = make_task({.head = HeadKind::kUperNet, .classes = kClasses, .features = {.fusion = true}});
  for (const Modality modality : kModalities) {
    auto absent = all_sensors(), without = all_sensors();
    absent.grid_height = absent.grid_width = without.grid_height = without.grid_width = kMsSide;
    auto& series = *absent.series[modality];
    series.present = at::zeros(series.images.sizes().slice(0, 2), at::kBool);
    without.series[modality].reset();
    EXPECT_TRUE(torch::equal(logits(task, {absent}), logits(task, {without}))) << modality_name(modality);
    if (modality == Modality::kHr) {
      EXPECT_THROW(logits(pyramid, {without}), c10::ValueError);
    }
  }
}

TEST(TaskModel, EverySensorAndDateReachesAFusedTask) {
  auto task = make_task({.head = HeadKind::kFcn, .classes = kClasses, .features = {.fusion = true}});
  const auto input = all_sensors();
  const auto before = logits(task, {input});
  for (const Modality modality : kModalities) {
    auto without = input;
    without.series[modality]->images = without.series[modality]->images.clone();
    without.series[modality]->images.select(1, -1).mul_(-1);
    EXPECT_FALSE(torch::equal(logits(task, {without}), before)) << modality_name(modality);
  }
  auto static_task = make_task({.head = HeadKind::kFcn, .classes = kClasses});
  auto hr_alone = input;
  hr_alone.series[Modality::kMs].reset();
  EXPECT_TRUE(torch::equal(logits(static_task, {hr_alone}), logits(static_task, {input})));
}

TEST(TaskModel, PromptsCanBeRemovedAndThePlanChanged) {
  const auto with = make_task({.head = HeadKind::kFcn, .classes = kClasses});
  const auto without = make_task({.head = HeadKind::kFcn, .classes = kClasses, .features = {.prompts = false}});
  PatchMergingPlan keep;
  keep.subsample[Modality::kHr] = {false, false, false};
  const auto kept = make_task({.head = HeadKind::kFcn, .classes = kClasses, .features = {.plan = keep}});
  auto a = with, b = without, c = kept;
  EXPECT_FALSE(all_close(logits(a, {hr_image()}), logits(b, {hr_image()}), 1e-3, 1e-4));
  EXPECT_FALSE(all_close(logits(a, {hr_image()}), logits(c, {hr_image()}), 1e-3, 1e-4));
}

TEST(TaskModel, FrozenModulesHaveNoGradientAndNoDropPath) {
  ModelOptions dropping = kSmall;
  dropping.drop_path = 0.5;
  const auto train_logits = [](TaskModel& task, uint64_t key) {
    auto batch = batch_for(HeadKind::kFcn);
    batch.row_keys = RowKeys{key, key + 1};
    return task(batch).logits[0];
  };
  for (const bool frozen : {false, true}) {
    auto task = make_task({.head = HeadKind::kFcn,
                           .classes = kClasses,
                           .dropout = 0,
                           .frozen = frozen ? std::vector<std::string>{"model"} : std::vector<std::string>{}},
                          dropping);
    task->train();
    const auto first = train_logits(task, 1);
    EXPECT_EQ(torch::equal(first, train_logits(task, 50)), frozen);
    first.sum().backward();
    const auto parameters = task->named_parameters();
    EXPECT_EQ(parameters["model.tokenizers.hr.proj.weight"].grad().defined(), !frozen);
    EXPECT_TRUE(parameters["head.convs.0.conv.weight"].grad().defined());
  }
}

TEST(TaskModel, FreezingGoesByWholeNames) {
  const TaskModelOptions options{.head = HeadKind::kFcn, .classes = kClasses, .frozen = {"model.backbone.stages.0"}};
  const auto task = make_task(options);
  for (const auto& item : task->named_parameters())
    EXPECT_EQ(item.value().requires_grad(), !item.key().starts_with("model.backbone.stages.0.")) << item.key();
  for (const std::string name : {"model.backbon", "model.backbone.stages.9", "Head"}) {
    auto wrong = options;
    wrong.frozen = {name};
    EXPECT_THROW(make_task(wrong), UsageError) << name;
  }
}

TEST(TaskModel, SemanticChangeSegmentsBothTimesAlikeAndComparesThem) {
  auto task = make_task({.head = HeadKind::kUperNetChange, .classes = kClasses});
  auto segmenting = make_task({.head = HeadKind::kUperNet, .classes = kClasses});
  const torch::NoGradGuard no_grad;
  const auto output = task(batch_of({hr_image(1), hr_image(2)}));
  ASSERT_EQ(output.logits.size(), 2U);
  EXPECT_TRUE(output.auxiliary.empty()) << "in evaluation";
  EXPECT_TRUE(all_close(output.logits[0], logits(segmenting, {hr_image(1)}), 1e-5, 1e-6));
  EXPECT_TRUE(all_close(output.logits[1], logits(segmenting, {hr_image(2)}), 1e-5, 1e-6));
  EXPECT_EQ(output.change.sizes(), at::IntArrayRef({kPlaces, 1, 37, 41}));
  const auto swapped = task(batch_of({hr_image(2), hr_image(1)}));
  EXPECT_TRUE(all_close(swapped.change, output.change, 1e-4, 1e-5));
}

TEST(TaskModel, TheExpertsOfEveryTimeAreCounted) {
  ModelOptions experts = kSmall;
  experts.moe.experts = 2;
  auto task = make_task({.head = HeadKind::kUNet, .classes = 1}, experts);
  const auto output = task(batch_for(HeadKind::kUNet));
  ASSERT_EQ(output.balance.size(), 2U);
  EXPECT_EQ(output.balance[0].sizes(), at::IntArrayRef({4, 2, 2}));
}

TEST(TaskModel, HeadsHaveNames) {
  for (const HeadKind head : kAllHeads) EXPECT_EQ(parse_head(head_name(head)), head);
  EXPECT_THROW(parse_head("uper"), UsageError);
}

TEST(TaskModel, RefusesWhatDoesNotFit) {
  auto change = make_task({.head = HeadKind::kUNet, .classes = 1});
  EXPECT_THROW(change(batch_of({hr_image()})), c10::ValueError);
  auto segment = make_task({.head = HeadKind::kFcn, .classes = kClasses});
  EXPECT_THROW(segment(batch_of({TaskInput{}})), c10::ValueError);
  EXPECT_THROW(segment(TaskBatch{.times = {hr_image()}}), c10::ValueError) << "no label size";
  auto wrong = all_sensors();
  wrong.series[Modality::kHr]->present = at::ones({kPlaces, 2}, at::kBool);
  EXPECT_THROW(segment(batch_of({wrong})), c10::ValueError);
  auto nothing = hr_image();
  nothing.series[Modality::kHr]->present = at::zeros({kPlaces, 1}, at::kBool);
  EXPECT_THROW(segment(batch_of({nothing})), c10::ValueError);
}

}  // namespace
}  // namespace skysense
