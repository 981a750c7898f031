#include "pretrain/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <ATen/CPUGeneratorImpl.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/files.h"
#include "core/random.h"
#include "engine/signals.h"
#include "engine/weights.h"
#include "testing/all_close.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

using testing::all_close;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

/// Noise places with all modalities; every third has no SAR and every fourth no HR.
class NoisePlaces : public PlaceDataset {
 public:
  explicit NoisePlaces(float scale = 1) : scale_(scale) {
    contracts_[Modality::kHr] = builtin_contract("aerial-rgb");
    contracts_[Modality::kMs] = builtin_contract("sentinel2-l2a");
    contracts_[Modality::kSar] = builtin_contract("sentinel1-grd-db");
  }
  int64_t size() const override { return 8; }
  PlaceSample get(int64_t number) const override {
    PlaceSample place;
    place.id = std::to_string(number);
    if (number % 4 != 3) place.images[Modality::kHr] = series(number, 1, 3, 128, 0);
    place.images[Modality::kMs] = series(number, 3, 10, 16, 100);
    if (number % 3 != 2) place.images[Modality::kSar] = series(number, 2, 2, 16, 200);
    return place;
  }
  const SensorContracts& contracts() const override { return contracts_; }

 private:
  ImageSeries series(int64_t number, int64_t dates, int64_t channels, int64_t side, int64_t first_day) const {
    const auto generator = at::make_generator<at::CPUGeneratorImpl>(mix(number, channels));
    return {
        .values = at::rand({dates, channels, side, side}, generator) * scale_,
        .valid = torch::ones({dates, side, side}, torch::kBool),
        .day_of_year = first_day == 0 ? torch::zeros({dates}, torch::kLong) : torch::arange(dates) * 10 + first_day};
  }
  SensorContracts contracts_;
  const float scale_;
};

PretrainOptions small_options(int64_t steps) {
  PretrainOptions options = pretrain_options("nano");
  options.compute.device = "cpu";
  options.compute.threads = 1;
  options.model.depths = {1, 1, 1, 1};
  options.model.fusion_layers = 1;
  options.model.moe = {.experts = 2, .top_k = 1, .blocks = {3}};
  options.head = {.hidden = 32, .bottleneck = 16, .outputs = 32};
  options.views.ms_dates = 2;
  options.views.sar_dates = 1;
  options.views.local_views = 2;
  options.train.steps = steps;
  options.train.batch_size = 4;
  options.train.log_every = 1;
  options.train.checkpoint_every = 2;
  options.train.schedule.warmup_steps = 2;
  return options;
}

int64_t lines_of(const std::filesystem::path& file) {
  const std::string text = read_text_file(file);
  return std::count(text.begin(), text.end(), '\n');
}

TEST(Trainer, AResumedRunEqualsAnUninterruptedOne) {
  const NoisePlaces places;
  TemporaryFolder whole, cut;
  auto options = small_options(4);
  options.contrast.fit_heads = true;
  pretrain(options, places, whole.path(), false);
  // The same schedule, stopped by a signal that arrives before the first step ends.
  {
    struct Raise : PlaceDataset {
      explicit Raise(const PlaceDataset& inner) : inner(inner) {}
      int64_t size() const override { return inner.size(); }
      PlaceSample get(int64_t number) const override {
        std::raise(SIGTERM);
        return inner.get(number);
      }
      const SensorContracts& contracts() const override { return inner.contracts(); }
      const PlaceDataset& inner;
    };
    EXPECT_THROW(pretrain(options, Raise(places), cut.path(), false), Interrupted);
  }
  const auto result = pretrain(options, places, cut.path(), true);
  EXPECT_EQ(result.steps, 4);
  for (const char* name :
       {"student.safetensors", "teacher.safetensors", "optimizer.safetensors", "extra.safetensors"}) {
    EXPECT_EQ(read_text_file(whole / "checkpoints/step-4" / name), read_text_file(cut / "checkpoints/step-4" / name))
        << name;
  }
  EXPECT_EQ(lines_of(whole / "log.jsonl"), 4);
  EXPECT_THAT(read_text_file(whole / "report.html"), HasSubstr("Loss by part"));
  EXPECT_EQ(lines_of(cut / "log.jsonl"), 4);
}

TEST(Trainer, TheTeacherFollowsTheStudentSlowly) {
  const NoisePlaces places;
  TemporaryFolder run;
  auto options = small_options(2);
  options.train.schedule.momentum = 0.5;
  options.train.schedule.warmup_steps = 0;
  pretrain(options, places, run.path(), false);
  const auto initial = load_tensors(run / "checkpoints/step-0/teacher.safetensors");
  const auto student = load_tensors(run / "checkpoints/step-2/student.safetensors");
  const auto teacher = load_tensors(run / "checkpoints/step-2/teacher.safetensors");
  bool moved = false;
  for (const auto& [key, value] : teacher) {
    moved = moved || !value.equal(initial.at(key));
    if (!value.equal(student.at(key))) continue;
    EXPECT_TRUE(value.equal(initial.at(key))) << key << " of the teacher equals the student's though both moved";
  }
  EXPECT_TRUE(moved);
}

TEST(Trainer, AccumulationChangesRoundingOnly) {
  const NoisePlaces places;
  TemporaryFolder once, twice;
  auto options = small_options(1);
  options.model.drop_path = options.model.fusion_drop_path = 0;
  // The load-balancing loss and the means over valid cells are per micro-batch; equal places make them agree.
  options.model.moe = {};
  struct SamePlace : NoisePlaces {
    PlaceSample get(int64_t) const override { return NoisePlaces::get(0); }
  };
  const SamePlace same;
  options.augment = {
      .flip = false, .rotate = false, .blur_chance = 0, .solarise_chance = 0, .colour_chance = 0, .day_jitter = 0};
  options.views.zoom_chance = 0;
  options.views.global_cells = 16;
  options.views.local_cells = 16;
  pretrain(options, same, once.path(), false);
  options.train.accumulate = 2;
  pretrain(options, same, twice.path(), false);
  const auto a = load_tensors(once / "checkpoints/step-1/optimizer.safetensors");
  const auto b = load_tensors(twice / "checkpoints/step-1/optimizer.safetensors");
  for (const auto& [name, value] : a) EXPECT_TRUE(all_close(value, b.at(name), 1e-3, 1e-6)) << name;
}

TEST(Trainer, StopsWhenNoLossIsFinite) {
  const NoisePlaces places(1e38f);  // the squares of such values overflow
  TemporaryFolder run;
  auto options = small_options(10);
  options.train.max_bad_steps = 2;
  EXPECT_THAT([&] { pretrain(options, places, run.path(), false); },
              ThrowsMessage<DataError>(HasSubstr("2 steps in a row")));
  EXPECT_TRUE(std::filesystem::exists(run / "checkpoints/step-0"));
}

TEST(Trainer, RefusesToWriteOverARun) {
  const NoisePlaces places;
  TemporaryFolder run;
  pretrain(small_options(0), places, run.path(), false);
  EXPECT_TRUE(std::filesystem::exists(run / "model/teacher.safetensors"));
  EXPECT_THAT([&] { pretrain(small_options(0), places, run.path(), false); },
              ThrowsMessage<DataError>(HasSubstr("--resume")));
}

TEST(Trainer, RefusesABatchThatDoesNotSplit) {
  TemporaryFolder run;
  auto options = small_options(1);
  options.train.accumulate = 3;
  EXPECT_THROW(pretrain(options, NoisePlaces(), run.path(), false), UsageError);
}

}  // namespace
}  // namespace skysense
