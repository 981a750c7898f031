#include "model/fusion.h"

#include <ATen/CPUGeneratorImpl.h>
#include <ATen/ops/cat.h>
#include <ATen/ops/full.h>
#include <ATen/ops/ones.h>
#include <ATen/ops/rand.h>
#include <ATen/ops/randint.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <gtest/gtest.h>

#include <limits>

#include "model/initialise.h"
#include "model/projection.h"
#include "testing/all_close.h"
#include "testing/allocation_meter.h"

namespace skysense {
namespace {

using testing::all_close;

const ModelOptions kSmall{.dim = 8, .fusion_layers = 2, .fusion_dim = 128};
constexpr int64_t kPlaces = 2, kDates = 3, kSide = 8;

Fusion make_fusion(const ModelOptions& options) {
  Fusion fusion(options);
  const at::Generator generator = at::detail::createCPUGenerator(1);
  initialise(*fusion, generator);
  const torch::NoGradGuard no_grad;
  // Larger than at the start of training, so that an effect is larger than rounding.
  for (auto& parameter : fusion->parameters()) parameter.add_(at::randn(parameter.sizes(), generator) * 0.1);
  fusion->eval();
  return fusion;
}

FusionSeries make_series(const ModelOptions& options, at::Generator generator, int64_t dates, int64_t side) {
  return {.features = at::randn({kPlaces, dates, side, side, options.stage_dim(3)}, generator),
          .valid = at::ones({kPlaces, dates, kSide, kSide}, at::kBool),
          .day_of_year = at::randint(1, 366, {kPlaces, dates}, generator, at::kLong),
          .present = at::ones({kPlaces, dates}, at::kBool)};
}

FusionInput make_input(const ModelOptions& options) {
  const at::Generator generator = at::detail::createCPUGenerator(2);
  FusionInput input{.grid_height = kSide, .grid_width = kSide};
  input.series[Modality::kHr] = make_series(options, generator, 1, kSide);
  input.series[Modality::kMs] = make_series(options, generator, kDates, kSide / 4);
  input.series[Modality::kSar] = make_series(options, generator, kDates, kSide / 4);
  return input;
}

class FusionTest : public ::testing::Test {
 protected:
  torch::Tensor fused(const FusionInput& input) { return fusion_->forward(input).fused; }

  const torch::NoGradGuard no_grad_;
  Fusion fusion_ = make_fusion(kSmall);
  FusionInput input_ = make_input(kSmall);
  FusionSeries& ms_ = *input_.series[Modality::kMs];
};

TEST_F(FusionTest, OrderOfDatesDoesNotMatter) {
  const auto before = fused(input_);
  for (torch::Tensor* tensor : {&ms_.features, &ms_.day_of_year}) *tensor = tensor->flip(1);
  EXPECT_TRUE(all_close(fused(input_), before, 1e-5, 1e-5));
}

TEST_F(FusionTest, TheDateOfAnImageMatters) {
  const auto before = fused(input_);
  ms_.day_of_year = ms_.day_of_year.flip(1);
  EXPECT_FALSE(all_close(fused(input_), before, 1e-3, 1e-3));
}

TEST_F(FusionTest, AnUndatedImageGetsNoDate) {
  ms_.day_of_year.zero_();
  const auto undated = fused(input_);
  ms_.day_of_year = torch::Tensor();
  EXPECT_TRUE(torch::equal(fused(input_), undated));
}

TEST_F(FusionTest, TheLastDayOfALeapYearIsTheLastRow) {
  ms_.day_of_year.fill_(366);
  const auto leap = fused(input_);
  ms_.day_of_year.fill_(365);
  EXPECT_TRUE(torch::equal(fused(input_), leap));
  ms_.day_of_year.fill_(367);
  EXPECT_THROW(fused(input_), c10::ValueError);
}

TEST_F(FusionTest, AnAbsentDateChangesNothing) {
  ms_.present.select(1, 1).fill_(false);
  const auto before = fused(input_);
  ms_.features.select(1, 1).fill_(std::numeric_limits<float>::quiet_NaN());
  ms_.day_of_year.select(1, 1).fill_(7);
  EXPECT_TRUE(torch::equal(fused(input_), before));
  for (torch::Tensor* tensor : {&ms_.features, &ms_.day_of_year, &ms_.valid, &ms_.present}) {
    *tensor = at::cat({tensor->narrow(1, 0, 1), tensor->narrow(1, 2, 1)}, 1);
  }
  EXPECT_TRUE(all_close(fused(input_), before, 1e-5, 1e-5));
}

TEST_F(FusionTest, AnImageIsLeftOutOnlyInItsInvalidCells) {
  const auto before = fused(input_);
  ms_.valid.index_put_({0, 1, 2, 3}, false);
  const auto after = fused(input_);
  EXPECT_FALSE(all_close(after[0][2][3], before[0][2][3], 1e-3, 1e-3));
  auto others = after.clone();
  others[0][2][3] = before[0][2][3];
  EXPECT_TRUE(all_close(others, before, 1e-5, 1e-5));
  // In the cell itself the image is as good as absent.
  ms_.present.index_put_({0, 1}, false);
  EXPECT_TRUE(all_close(fused(input_)[0][2][3], after[0][2][3], 1e-5, 1e-5));
}

TEST_F(FusionTest, AMissingModalityGivesTheSameAsAnAbsentOneAndIsFinite) {
  for (const Modality missing : kModalities) {
    FusionInput without = input_, absent = input_;
    without.series[missing].reset();
    absent.series[missing]->present = at::zeros({kPlaces, absent.series[missing]->features.size(1)}, at::kBool);
    const auto result = fused(without);
    EXPECT_TRUE(result.isfinite().all().item<bool>());
    EXPECT_TRUE(all_close(fused(absent), result, 1e-5, 1e-5)) << modality_name(missing);
  }
}

TEST_F(FusionTest, APlaceWithoutAnyImageIsFiniteAndLeavesTheOthersAlone) {
  const auto before = fused(input_);
  for (auto& series : input_.series) series->present.index_put_({0}, false);
  const auto after = fused(input_);
  EXPECT_TRUE(after.isfinite().all().item<bool>());
  EXPECT_TRUE(all_close(after[1], before[1], 1e-5, 1e-5));
  EXPECT_TRUE(all_close(after[0], after[0][0][0].expand_as(after[0]), 1e-5, 1e-5));
}

TEST_F(FusionTest, PaddingTheBatchChangesNothing) {
  const auto before = fused(input_);
  const at::Generator generator = at::detail::createCPUGenerator(3);
  for (auto& series : input_.series) {
    const FusionSeries padding = make_series(kSmall, generator, 2, series->features.size(2));
    series->features = at::cat({series->features, padding.features * 100}, 1);
    series->valid = at::cat({series->valid, padding.valid}, 1);
    series->day_of_year = at::cat({series->day_of_year, padding.day_of_year}, 1);
    series->present = at::cat({series->present, padding.present.logical_not()}, 1);
  }
  EXPECT_TRUE(all_close(fused(input_), before, 1e-5, 1e-5));
}

TEST_F(FusionTest, TheChunkSizeChangesNothing) {
  const auto before = fused(input_);
  for (const int64_t chunk : {1, 7, 64, 100, 1000}) {
    ModelOptions options = kSmall;
    options.fusion_chunk = chunk;
    fusion_ = make_fusion(options);
    EXPECT_TRUE(all_close(fused(input_), before, 1e-5, 1e-5)) << chunk;
  }
}

TEST_F(FusionTest, DropPathIsTheSameForEveryChunkSizeAndOffInEvaluation) {
  ModelOptions options = kSmall;
  options.fusion_drop_path = 0.5;
  fusion_ = make_fusion(options);
  const auto evaluated = fused(input_);
  EXPECT_TRUE(all_close(evaluated, make_fusion(kSmall)->forward(input_).fused, 0, 0));
  fusion_->train();
  EXPECT_THROW(fused(input_), c10::ValueError);
  const RowKeys keys = {5, 6};
  ASSERT_EQ(static_cast<int64_t>(keys.size()), kPlaces);
  const auto dropped = fusion_->forward(input_, keys).fused;
  EXPECT_FALSE(all_close(dropped, evaluated, 1e-3, 1e-3));
  options.fusion_chunk = 5;
  fusion_ = make_fusion(options);
  fusion_->train();
  EXPECT_TRUE(all_close(fusion_->forward(input_, keys).fused, dropped, 1e-5, 1e-5));
}

TEST_F(FusionTest, PrototypesAddAContextToEveryCell) {
  const auto before = fused(input_);
  input_.prototypes = at::randn({kPlaces, 4, kSmall.fusion_dim}, at::detail::createCPUGenerator(4));
  const auto after = fused(input_);
  EXPECT_FALSE(all_close(after, before, 1e-3, 1e-3));
  // Attention does not know the prototypes' order, and equal ones are one.
  input_.prototypes = at::cat({input_.prototypes, input_.prototypes}, 1).flip(1);
  EXPECT_TRUE(all_close(fused(input_), after, 1e-5, 1e-5));
}

TEST_F(FusionTest, Bfloat16IsCloseToFloat32) {
  const auto before = fused(input_);
  fusion_->to(at::kBFloat16);
  for (auto& series : input_.series) series->features = series->features.to(at::kBFloat16);
  const auto after = fused(input_);
  EXPECT_EQ(after.scalar_type(), at::kBFloat16);
  EXPECT_TRUE(testing::relative_l2_within(after.to(at::kFloat), before, 2e-2));
}

TEST_F(FusionTest, WeightsPackedForInferenceChangeNothing) {
  const auto before = fused(input_);
  prepare_for_inference(*fusion_, at::kFloat);
  EXPECT_TRUE(all_close(fused(input_), before, 1e-5, 1e-5));
}

TEST_F(FusionTest, RefusesShapesThatDoNotBelongTogether) {
  FusionInput nothing{.grid_height = kSide, .grid_width = kSide};
  EXPECT_THROW(fused(nothing), c10::ValueError);
  for (torch::Tensor FusionSeries::*member :
       {&FusionSeries::valid, &FusionSeries::day_of_year, &FusionSeries::present}) {
    FusionInput wrong = input_;
    (*wrong.series[Modality::kMs]).*member = ((*wrong.series[Modality::kMs]).*member).narrow(1, 0, 1);
    EXPECT_THROW(fused(wrong), c10::ValueError);
  }
  input_.prototypes = at::ones({kPlaces, 4, kSmall.fusion_dim + 1});
  EXPECT_THROW(fused(input_), c10::ValueError);
}

int64_t peak_bytes(Fusion& fusion, int64_t places) {
  FusionInput input = make_input(kSmall);
  for (auto& series : input.series) {
    for (torch::Tensor* tensor : {&series->features, &series->valid, &series->day_of_year, &series->present}) {
      *tensor = tensor->repeat_interleave(places, 0);
    }
  }
  return testing::peak_allocation([&] { fusion->forward(input); });
}

TEST_F(FusionTest, TheEncodersMemoryDoesNotGrowWithTheGrid) {
  ModelOptions options = kSmall;
  options.fusion_chunk = 128;
  fusion_ = make_fusion(options);
  constexpr int64_t kCells = kPlaces * kSide * kSide, kImages = 1 + 2 * kDates;
  const int64_t few = peak_bytes(fusion_, 2), many = peak_bytes(fusion_, 8);
  // What does grow: the aligned features of each image, the fused ones (twice: in chunks and joined), masks of a byte.
  const int64_t output = 6 * kCells * (kImages + 2) * kSmall.fusion_dim * static_cast<int64_t>(sizeof(float));
  EXPECT_LE(many - few, output * 3 / 2);
  EXPECT_GT(many - few, output / 2) << "the meter sees the allocations";
}

}  // namespace
}  // namespace skysense
