#include "pretrain/trainer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "core/earth_regions.h"
#include "core/error.h"
#include "core/files.h"
#include "engine/signals.h"
#include "engine/weights.h"
#include "noise_places.h"
#include "testing/all_close.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

using testing::all_close;
using ::testing::HasSubstr;
using testing::NoisePlaces;
using testing::small_options;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

int64_t lines_of(const std::filesystem::path& file) {
  const std::string text = read_text_file(file);
  return std::count(text.begin(), text.end(), '\n');
}

TEST(Trainer, AResumedRunEqualsAnUninterruptedOne) {
  const NoisePlaces places;
  TemporaryFolder whole, cut;
  auto options = small_options(4);
  options.contrast.fit_heads = true;
  pretrain(options, places, whole.path(), Resume::kNo);
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
    EXPECT_THROW(pretrain(options, Raise(places), cut.path(), Resume::kNo), Interrupted);
  }
  const auto result = pretrain(options, places, cut.path(), Resume::kYes);
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
  pretrain(options, places, run.path(), Resume::kNo);
  const auto initial = load_tensors(run / "checkpoints/step-0/teacher.safetensors");
  const auto student = load_tensors(run / "checkpoints/step-2/student.safetensors");
  const auto teacher = load_tensors(run / "checkpoints/step-2/teacher.safetensors");
  bool moved = false;
  for (const auto& [key, value] : teacher) {
    if (key == "prototypes") continue;  // the student has none of its own
    moved = moved || !value.equal(initial.at(key));
    if (!value.equal(student.at(key))) continue;
    EXPECT_TRUE(value.equal(initial.at(key))) << key << " of the teacher equals the student's though both moved";
  }
  EXPECT_TRUE(moved);
}

TEST(Trainer, TheProductKnowsTheRegionsOfThePlaces) {
  const NoisePlaces places;
  TemporaryFolder run;
  auto options = small_options(1);
  options.train.batch_size = places.size();
  pretrain(options, places, run.path(), Resume::kNo);
  const auto initial = load_tensors(run / "checkpoints/step-0/teacher.safetensors").at("prototypes");
  const auto learnt = load_tensors(run / "checkpoints/step-1/teacher.safetensors").at("prototypes");
  EXPECT_EQ(learnt.sizes(), torch::IntArrayRef({64, 16, options.model.fusion_dim}));
  EXPECT_EQ(initial.abs().sum().item<float>(), 0);
  std::set<int64_t> regions;
  for (const double longitude : {0.0, 10.0, 20.0}) regions.insert(EarthRegions(64).region_of(longitude, 45));
  EXPECT_EQ(learnt.flatten(1).any(1).sum().item<int64_t>(), static_cast<int64_t>(regions.size()));
  EXPECT_FALSE(load_tensors(run / "checkpoints/step-1/student.safetensors").contains("prototypes"));
}

TEST(Trainer, EveryLossIsLoggedWithItsHealth) {
  const NoisePlaces places;
  TemporaryFolder run;
  pretrain(small_options(1), places, run.path(), Resume::kNo);
  const auto line = nlohmann::json::parse(read_text_file(run / "log.jsonl"));
  for (const std::string source : {"hr", "ms", "sar", "fused"}) {
    for (const std::string level : {"image", "pixel", "object"}) {
      for (const std::string what : {"", "entropy.", "kl.", "centre."}) {
        EXPECT_TRUE(line.contains(what + source + "." + level)) << what << source << "." << level;
      }
    }
  }
  for (const char* name : {"query", "entropy.query", "kl.query", "centre.query", "moe", "experts.3.0"}) {
    EXPECT_TRUE(line.contains(name)) << name;
  }
  EXPECT_FALSE(line.contains("ita"));  // no labels
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
  pretrain(options, same, once.path(), Resume::kNo);
  options.train.accumulate = 2;
  pretrain(options, same, twice.path(), Resume::kNo);
  const auto a = load_tensors(once / "checkpoints/step-1/optimizer.safetensors");
  const auto b = load_tensors(twice / "checkpoints/step-1/optimizer.safetensors");
  for (const auto& [name, value] : a) EXPECT_TRUE(all_close(value, b.at(name), 1e-3, 1e-6)) << name;
}

TEST(Trainer, StopsWhenNoLossIsFinite) {
  const NoisePlaces places(1e38f);  // the squares of such values overflow
  TemporaryFolder run;
  auto options = small_options(10);
  options.train.max_bad_steps = 2;
  EXPECT_THAT([&] { pretrain(options, places, run.path(), Resume::kNo); },
              ThrowsMessage<DataError>(HasSubstr("2 steps in a row")));
  EXPECT_TRUE(std::filesystem::exists(run / "checkpoints/step-0"));
}

TEST(Trainer, RefusesToWriteOverARun) {
  const NoisePlaces places;
  TemporaryFolder run;
  pretrain(small_options(0), places, run.path(), Resume::kNo);
  EXPECT_TRUE(std::filesystem::exists(run / "model/teacher.safetensors"));
  EXPECT_THAT([&] { pretrain(small_options(0), places, run.path(), Resume::kNo); },
              ThrowsMessage<DataError>(HasSubstr("--resume")));
}

TEST(Trainer, RefusesSettingsThatLeaveNothingToLearnOrCompare) {
  TemporaryFolder run;
  auto options = small_options(1);
  options.views.local_views = 0;
  EXPECT_THAT([&] { pretrain(options, NoisePlaces(), run.path(), Resume::kNo); },
              ThrowsMessage<UsageError>(HasSubstr("weights.qsacl=0")));
  options.weights.qsacl = options.weights.mgcl = 0;
  EXPECT_THAT([&] { pretrain(options, NoisePlaces(), run.path(), Resume::kNo); },
              ThrowsMessage<UsageError>(HasSubstr("nothing is left")));
}

TEST(Trainer, RefusesViewsSmallerThanAPatch) {
  TemporaryFolder run;
  auto options = small_options(1);
  options.views.local_cells = 2;  // 16 pixels of HR, but 2 of MS
  EXPECT_THAT([&] { pretrain(options, NoisePlaces(), run.path(), Resume::kNo); },
              ThrowsMessage<UsageError>(HasSubstr("views.local_cells: its views are 2 pixels wide in ms")));
}

TEST(Trainer, RefusesABatchThatDoesNotSplit) {
  TemporaryFolder run;
  auto options = small_options(1);
  options.train.accumulate = 3;
  EXPECT_THROW(pretrain(options, NoisePlaces(), run.path(), Resume::kNo), UsageError);
}

}  // namespace
}  // namespace skysense
