#include "data/views.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>
#include <set>

#include "core/error.h"
#include "data/correspondence.h"
#include "data/view_batch.h"
#include "ground_place.h"
#include "testing/all_close.h"

namespace skysense {
namespace {

using ::skysense::testing::all_close;
using ::skysense::testing::ground_place;
using ::skysense::testing::ground_series;
using ::skysense::testing::plain_contracts;

constexpr ViewOptions kViews{.ms_window = 6, .sar_window = 4, .ms_dates = 4, .sar_dates = 3};
/// Moves and dates as usual, colours untouched.
constexpr AugmentOptions kMoves{.blur_chance = 0, .solarise_chance = 0, .colour_chance = 0};

/// The first two bands as [side, side, 2].
torch::Tensor shown_ground(const ImageSeries& images, int64_t date) {
  return images.values[date].narrow(0, 0, 2).permute({1, 2, 0});
}

TEST(Views, EveryModalityShowsTheGroundOfTheBox) {
  const auto place = ground_place(40, 8, 7, 5);
  for (uint64_t sample = 0; sample < 20; ++sample) {
    const auto views = make_views(place, plain_contracts(), kViews, kMoves, 1, 0, sample);
    ASSERT_EQ(views.size(), 8u);
    for (const View& view : views) {
      for (const Modality modality : kModalities) {
        const auto& images = view.images[modality].value();
        const int64_t side = images.values.size(3);
        const auto ground = cell_ground_points(view.box, view.transform, side, side).to(torch::kFloat32);
        // A magnified view repeats the place's outer pixels beyond their centres: half a pixel of tolerance there.
        const double edge = modality == Modality::kHr ? 0.5 / 8 : 0.5;
        const auto inner = ground.ge(edge).logical_and(ground.le(40 - edge)).all(-1);
        ASSERT_TRUE(all_close(shown_ground(images, 0).index({inner}), ground.index({inner}), 1e-5, 1e-4));
      }
    }
  }
}

TEST(Views, HaveTheirNominalSizes) {
  const auto views = make_views(ground_place(40, 8, 7, 5), plain_contracts(), kViews, kMoves, 1, 0, 0);
  EXPECT_EQ(views[0].images[Modality::kHr]->values.sizes(), torch::IntArrayRef({1, 3, 128, 128}));
  EXPECT_EQ(views[1].images[Modality::kMs]->values.sizes(), torch::IntArrayRef({4, 4, 16, 16}));
  EXPECT_EQ(views[7].images[Modality::kSar]->values.sizes(), torch::IntArrayRef({3, 3, 8, 8}));
  EXPECT_EQ(views[7].images[Modality::kSar]->valid.sizes(), torch::IntArrayRef({3, 8, 8}));
}

TEST(Views, ShareTheDatesOfTheirPlaceAndJitterEachOnItsOwn) {
  const auto views = make_views(ground_place(40, 8, 30, 20), plain_contracts(), kViews, kMoves, 1, 0, 3);
  const auto date_numbers = [](const View& view) {
    return view.images[Modality::kMs]->values.select(1, 2).select(1, 0).select(1, 0).round();
  };
  std::set<std::vector<int64_t>> days;
  for (const View& view : views) {
    EXPECT_TRUE(torch::equal(date_numbers(view), date_numbers(views[0])));
    const auto& images = view.images[Modality::kMs].value();
    const auto shift = images.day_of_year - 10 * (date_numbers(view).to(torch::kInt64) + 1);
    EXPECT_LE(shift.abs().max().item<int64_t>(), 7);
    days.insert({images.day_of_year.data_ptr<int64_t>(), images.day_of_year.data_ptr<int64_t>() + 4});
    EXPECT_EQ(view.images[Modality::kHr]->day_of_year.item<int64_t>(), 0);
  }
  EXPECT_GT(days.size(), 4u);
}

TEST(Views, DrawDatesOfTheirOwnWhereAskedTo) {
  ViewOptions own = kViews;
  own.own_dates = true;
  const auto views = make_views(ground_place(40, 8, 30, 20), plain_contracts(), own, kMoves, 1, 0, 3);
  std::set<std::vector<float>> dates;
  for (const View& view : views) {
    const auto numbers = view.images[Modality::kMs]->values.select(1, 2).select(1, 0).select(1, 0).round().contiguous();
    ASSERT_EQ(numbers.numel(), 4);
    dates.insert({numbers.data_ptr<float>(), numbers.data_ptr<float>() + 4});
  }
  EXPECT_GT(dates.size(), 4u);
}

TEST(Views, DependOnSeedEpochAndSampleOnly) {
  const auto place = ground_place(40, 8, 7, 5);
  const auto make = [&](uint64_t seed, uint64_t epoch, uint64_t sample) {
    return make_views(place, plain_contracts(), kViews, AugmentOptions{}, seed, epoch, sample)[0]
        .images[Modality::kHr]
        ->values;
  };
  EXPECT_TRUE(torch::equal(make(1, 2, 3), make(1, 2, 3)));
  EXPECT_FALSE(torch::equal(make(1, 2, 3), make(2, 2, 3)));
  EXPECT_FALSE(torch::equal(make(1, 2, 3), make(1, 3, 3)));
  EXPECT_FALSE(torch::equal(make(1, 2, 3), make(1, 2, 4)));
}

TEST(Views, WorkOnRaggedPlaces) {
  PlaceSample photograph, series, tiny;
  photograph.images[Modality::kHr] = ground_series(1, 3, 150, 150, 8);
  series.images[Modality::kSar] = ground_series(2, 3, 20, 24, 1);
  tiny.images[Modality::kHr] = ground_series(1, 3, 300, 300, 50);  // 50 HR pixels a cell, 6 cells
  tiny.images[Modality::kMs] = ground_series(1, 4, 6, 6, 1);
  for (const PlaceSample* place : {&photograph, &series, &tiny}) {
    for (const View& view : make_views(*place, plain_contracts(), kViews, kMoves, 1, 0, 0)) {
      for (const Modality modality : kModalities) {
        ASSERT_EQ(view.images[modality].has_value(), place->images[modality].has_value());
        if (!view.images[modality]) continue;
        ASSERT_TRUE(view.images[modality]->values.isfinite().all().item<bool>());
        const int64_t side = view.images[modality]->values.size(3);
        const auto ground = cell_ground_points(view.box, view.transform, side, side).to(torch::kFloat32);
        ASSERT_TRUE(all_close(shown_ground(*view.images[modality], 0), ground, 0, 0.5));
      }
    }
  }
}

TEST(Views, InvalidPixelsBecomeZeroInputWhateverTheyHold) {
  auto place = ground_place(40, 8, 7, 5);
  for (auto& images : place.images) {
    images->valid.slice(2, 0, images->valid.size(2) / 2).fill_(false);
    images->values.slice(3, 0, images->values.size(3) / 2).fill_(std::numeric_limits<float>::quiet_NaN());
  }
  bool some = false;
  for (uint64_t sample = 0; sample < 4; ++sample) {
    for (const View& view : make_views(place, plain_contracts(), kViews, AugmentOptions{}, 1, 0, sample)) {
      for (const auto& images : view.images) {
        ASSERT_TRUE(images->values.isfinite().all().item<bool>());
        const auto invalid = images->valid.logical_not().unsqueeze(1).expand_as(images->values);
        ASSERT_EQ(images->values.index({invalid}).abs().sum().item<float>(), 0);
        some = some || (invalid.any().item<bool>() && images->valid.any().item<bool>());
      }
    }
  }
  EXPECT_TRUE(some);
}

TEST(Views, RefuseAPlaceWithoutImagesOrContract) {
  PlaceSample empty;
  empty.id = "nowhere";
  EXPECT_THAT([&] { make_views(empty, plain_contracts(), kViews, kMoves, 1, 0, 0); },
              ::testing::ThrowsMessage<DataError>(::testing::HasSubstr("nowhere")));
  EXPECT_THAT([&] { make_views(ground_place(40, 8, 2, 2), SensorContracts{}, kViews, kMoves, 1, 0, 0); },
              ::testing::ThrowsMessage<DataError>(::testing::HasSubstr("no hr sensor")));
}

TEST(Collate, PadsMissingDatesAndModalities) {
  auto full = ground_place(40, 8, 7, 2), lone = ground_place(40, 8, 1, 1);
  lone.images[Modality::kSar].reset();
  lone.images[Modality::kHr].reset();
  full.images[Modality::kHr].reset();
  const auto contracts = plain_contracts();
  const std::vector<std::vector<View>> places = {make_views(full, contracts, kViews, kMoves, 1, 0, 0),
                                                 make_views(lone, contracts, kViews, kMoves, 1, 0, 1)};
  const ViewBatch batch = collate(places, 1, contracts, kViews);
  EXPECT_FALSE(batch.images[Modality::kHr]);
  const SeriesBatch& ms = batch.images[Modality::kMs].value();
  const SeriesBatch& sar = batch.images[Modality::kSar].value();
  EXPECT_EQ(ms.values.sizes(), torch::IntArrayRef({2, 4, 4, 16, 16}));
  EXPECT_EQ(sar.values.sizes(), torch::IntArrayRef({2, 3, 3, 16, 16}));
  EXPECT_EQ(ms.present.sum(1)[0].item<int64_t>(), 4);
  EXPECT_EQ(ms.present.sum(1)[1].item<int64_t>(), 1);
  EXPECT_EQ(sar.present.sum(1)[0].item<int64_t>(), 2);
  EXPECT_EQ(sar.present.sum(1)[1].item<int64_t>(), 0);
  EXPECT_TRUE(torch::equal(ms.valid.flatten(2).any(2), ms.present));
  EXPECT_TRUE(torch::equal(ms.values[1][0], places[1][1].images[Modality::kMs]->values[0]));
  EXPECT_EQ(ms.values[1].narrow(0, 1, 3).abs().sum().item<float>(), 0);
  EXPECT_EQ(batch.boxes[1][0].item<double>(), places[1][1].box.x);
  EXPECT_EQ(batch.transforms[1].item<int64_t>(), places[1][1].transform);
}

TEST(Collate, KeepsWhereThePlacesLie) {
  auto known = ground_place(40, 8, 2, 2), unknown = ground_place(40, 8, 2, 2);
  known.longitude_deg = 24.5;
  known.latitude_deg = -61.25;
  const auto contracts = plain_contracts();
  const ViewBatch batch = collate(
      {make_views(known, contracts, kViews, kMoves, 1, 0, 0), make_views(unknown, contracts, kViews, kMoves, 1, 0, 1)},
      7, contracts, kViews);
  EXPECT_TRUE(torch::equal(batch.locations[0], torch::tensor({24.5, -61.25}, torch::kFloat64)));
  EXPECT_TRUE(batch.locations[1].isnan().all().item<bool>());
  EXPECT_FALSE(batch.label_cells.defined());
}

}  // namespace
}  // namespace skysense
