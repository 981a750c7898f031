#include "finetune/object_evaluation.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <numbers>
#include <vector>

#include "core/error.h"
#include "finetune/detected_objects.h"
#include "finetune/sample_pictures.h"
#include "finetune/task_loader.h"
#include "finetune/task_run.h"
#include "finetune/task_training.h"
#include "tests/finetune/object_dataset.h"

namespace skysense {
namespace {

using testing::ObjectDataset;
using testing::small_detection_run;
using testing::small_pretrained;

/// A network that knows the objects of every tile: bright pixels are the way to them, so it is told where it looks.
class Oracle : public TaskNetwork {
 public:
  explicit Oracle(std::vector<ObjectLabels> tiles) : tiles_(std::move(tiles)) {}
  torch::nn::Module& module() override { return module_; }
  std::vector<std::string> loss_names() const override { return {}; }
  std::vector<double> weights(const LabelledBatch&) const override { return {}; }
  TaskLosses learn(const LabelledBatch&) override { return {}; }
  std::vector<TaskAnswer> answer(const LabelledBatch& batch) override {
    std::vector<TaskAnswer> answers;
    for (int64_t i = 0; i < batch.input.times[0].series[Modality::kHr]->images.size(0); ++i) {
      const ObjectTargets truth = targets_of(tiles_.at(next_++), DetectorKind::kOrientedRcnn);
      answers.push_back({.objects = {truth.boxes, torch::full({truth.boxes.size(0)}, 0.9), truth.classes}});
    }
    return answers;
  }

 private:
  const std::vector<ObjectLabels> tiles_;
  size_t next_ = 0;
  torch::nn::Module module_;
};

TEST(ObjectEvaluation, LargeImagesAreJudgedWholeWithoutDoublesWhereTilesOverlap) {
  const ObjectDataset dataset({.side = 192});
  const auto options = small_detection_run(DetectorKind::kOrientedRcnn, 1);
  const TaskRun run = plan_task_run(options, "", dataset, small_pretrained());
  TaskEvaluationOptions eval;
  eval.batch = 3;
  eval.overlap = 0.5;
  const FrameOptions frame{.side = 64};
  std::vector<ObjectLabels> tiles;
  size_t shown = 0, objects = 0;
  for (const int64_t number : run.validation) {
    objects += dataset.boxes_of(number).size();
    for (const auto& tile : evaluation_tiles(frame_grid(dataset, number, {{true, false, false}}), 64, 0.5)) {
      // What a tile cuts is not the matter here.
      const ObjectLabels all = *dataset.get(number, {.window = tile.window}).objects;
      tiles.emplace_back();
      for (size_t i = 0; i < all.boxes.size(); ++i) {
        if (all.ignored[i] == 0) tiles.back().add(all.boxes[i], all.classes[i], false);
      }
      shown += tiles.back().boxes.size();
    }
  }
  ASSERT_GT(shown, objects);
  Oracle oracle(tiles);
  int64_t observed = 0;
  SamplePictures pictures(dataset, run.setup.task, run.validation, 1);
  const TaskScores scores =
      evaluate_task(oracle,
                    {.dataset = dataset,
                     .samples = run.validation,
                     .setup = run.setup,
                     .options = options.task,
                     .frame = frame,
                     .eval = eval},
                    {.objects = [&](int64_t number, const ObjectLabels& truth, const Detections& found) {
                      ++observed;
                      EXPECT_EQ(truth.size(), 36);
                      EXPECT_EQ(found.boxes.size(0), 36);
                      pictures.add(number, truth, found);
                    }});
  EXPECT_EQ(observed, 2);
  EXPECT_EQ(scores.size(), 2);
  EXPECT_EQ(scores.value("map50"), 1);
  EXPECT_EQ(scores.value("voc"), 1);
  ASSERT_EQ(pictures.pictures().size(), 1u);
  EXPECT_GT(pictures.pictures()[0].picture.width, 3 * 192);
  const auto json = scores.to_json(BootstrapOptions{.resamples = 20});
  EXPECT_EQ(json["metric"], "map50");
  EXPECT_EQ(json["per_class"][0]["objects"], 36);
  EXPECT_EQ(json["interval"]["low"], 1);
}

TEST(DetectedObjects, UprightBoxesAreJudgedByEitherOverlap) {
  ObjectLabels truth;
  truth.add({50, 50, 40, 8, std::numbers::pi / 4}, 0, false);
  const Detections upright{targets_of(truth, DetectorKind::kFasterRcnn).boxes, torch::tensor({0.9f}),
                           torch::tensor({0}, torch::kInt64)};
  EXPECT_NEAR(detected_objects(truth, upright, false).overlaps.item<double>(), 1, 1e-5);
  const DetectedImage turned = detected_objects(truth, upright, true);
  const double side = 48 / std::numbers::sqrt2;  // of the bounds
  EXPECT_NEAR(turned.overlaps.item<double>(), 40 * 8 / (side * side), 1e-4);
  EXPECT_NEAR(turned.areas.item<double>(), side * side, 1e-2);
  const Detections oriented{targets_of(truth, DetectorKind::kOrientedRcnn).boxes, upright.scores, upright.classes};
  EXPECT_NEAR(detected_objects(truth, oriented, true).overlaps.item<double>(), 1, 1e-5);
  EXPECT_NEAR(detected_objects(truth, oriented, false).overlaps.item<double>(), 1, 1e-5);
}

TEST(ObjectEvaluation, DetectorsLearnAPictureByHeart) {
  for (const auto detector : {DetectorKind::kFasterRcnn, DetectorKind::kOrientedRcnn}) {
    const ObjectDataset dataset({.training = 1, .validation = 0, .oriented = detector == DetectorKind::kOrientedRcnn});
    auto options = small_detection_run(detector, 60);
    options.train.batch_size = 1;
    options.train.schedule.lr = 3e-3;
    options.data.val_split = "train";
    options.augment.horizontal_flip = options.augment.vertical_flip = 0;
    const auto pretrained = small_pretrained();
    const TaskRun run = plan_task_run(options, "", dataset, pretrained);
    TaskTraining training(make_starting_model(pretrained, run.setup.contracts, options), std::nullopt, run.setup,
                          options, alone(), torch::kCPU);
    TaskLoader loader(dataset, run.training, run.setup, options, {.batch_size = 1});
    for (int64_t step = 0; step < options.train.steps; ++step) training.step(loader.next(), step);
    double map50 = 0;
    training.with_product([&](TaskNetwork& network) {
      map50 = evaluate_task(network, {.dataset = dataset,
                                      .samples = run.validation,
                                      .setup = run.setup,
                                      .options = options.task,
                                      .frame = options.data.frame,
                                      .eval = options.eval})
                  .value("map50");
    });
    EXPECT_GT(map50, 0.95) << detector_name(detector);
  }
}

}  // namespace
}  // namespace skysense
