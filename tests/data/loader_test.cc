#include "data/loader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fmt/format.h>

#include <atomic>
#include <chrono>
#include <mutex>
#include <set>
#include <thread>

#include "core/error.h"
#include "data/place_cache.h"
#include "ground_place.h"

namespace skysense {
namespace {

using ::skysense::testing::plain_contracts;

constexpr ViewOptions kViews{
    .local_views = 1, .global_cells = 4, .local_cells = 2, .hr_per_cell = 2, .ms_dates = 2, .sar_dates = 2};

/// Places whose MS band 3 is the place's number; some cannot be read.
class NumberedPlaces : public PlaceDataset {
 public:
  NumberedPlaces(int64_t size, std::set<int64_t> broken = {}, std::chrono::microseconds delay = {})
      : size_(size), broken_(std::move(broken)), delay_(delay), contracts_(plain_contracts()) {}
  int64_t size() const override { return size_; }
  PlaceSample get(int64_t number) const override {
    std::this_thread::sleep_for(delay_);
    if (broken_.contains(number)) throw DataError(fmt::format("place-{}.tif: cannot be read", number));
    auto place = skysense::testing::ground_place(8, 2, 3, 2);
    place.images[Modality::kMs]->values.select(1, 3).fill_(static_cast<float>(number));
    return place;
  }
  const SensorContracts& contracts() const override { return contracts_; }

 private:
  const int64_t size_;
  const std::set<int64_t> broken_;
  const std::chrono::microseconds delay_;
  const SensorContracts contracts_;
};

std::vector<int64_t> numbers_of(const std::vector<ViewBatch>& step) {
  const auto band = step[0]
                        .images[Modality::kMs]
                        ->values.select(1, 0)
                        .select(1, 3)
                        .select(1, 0)
                        .select(1, 0)
                        .to(torch::kInt64)
                        .contiguous();
  return {band.data_ptr<int64_t>(), band.data_ptr<int64_t>() + band.numel()};
}

bool same(const std::vector<ViewBatch>& a, const std::vector<ViewBatch>& b) {
  for (size_t slot = 0; slot < a.size(); ++slot) {
    for (const Modality modality : kModalities) {
      if (!torch::equal(a[slot].images[modality]->values, b[slot].images[modality]->values)) return false;
      if (!torch::equal(a[slot].images[modality]->day_of_year, b[slot].images[modality]->day_of_year)) return false;
    }
    if (!torch::equal(a[slot].boxes, b[slot].boxes) || !torch::equal(a[slot].transforms, b[slot].transforms))
      return false;
  }
  return a.size() == b.size();
}

TEST(ViewLoader, GivesTheSameStreamForAnyNumberOfWorkers) {
  const NumberedPlaces places(10, {4});
  ViewLoader one(places, kViews, {}, {.seed = 5, .batch_size = 3, .workers = 1});
  ViewLoader four(places, kViews, {}, {.seed = 5, .batch_size = 3, .workers = 4, .ahead = 6});
  for (int step = 0; step < 9; ++step) ASSERT_TRUE(same(one.next(), four.next())) << step;
}

TEST(ViewLoader, StartsAtAnyStep) {
  const NumberedPlaces places(10);
  ViewLoader whole(places, kViews, {}, {.seed = 5, .batch_size = 4});
  for (int step = 0; step < 6; ++step) whole.next();
  ViewLoader resumed(places, kViews, {}, {.seed = 5, .batch_size = 4, .first_step = 6});
  for (int step = 0; step < 4; ++step) ASSERT_TRUE(same(whole.next(), resumed.next())) << step;
}

TEST(ViewLoader, RanksShareTheGlobalBatch) {
  const NumberedPlaces places(12);
  ViewLoader whole(places, kViews, {}, {.seed = 5, .batch_size = 4});
  ViewLoader first(places, kViews, {}, {.seed = 5, .batch_size = 2, .rank = 0, .world_size = 2});
  ViewLoader second(places, kViews, {}, {.seed = 5, .batch_size = 2, .rank = 1, .world_size = 2});
  for (int step = 0; step < 5; ++step) {
    auto joined = numbers_of(first.next());
    const auto rest = numbers_of(second.next());
    joined.insert(joined.end(), rest.begin(), rest.end());
    ASSERT_EQ(joined, numbers_of(whole.next()));
  }
}

TEST(ViewLoader, AnEpochHoldsEveryPlaceOnce) {
  const NumberedPlaces places(12);
  ViewLoader loader(places, kViews, {}, {.seed = 5, .batch_size = 4});
  std::vector<std::multiset<int64_t>> epochs(2);
  std::vector<int64_t> orders[2];
  for (int step = 0; step < 6; ++step) {
    for (const int64_t number : numbers_of(loader.next())) {
      epochs[static_cast<size_t>(step / 3)].insert(number);
      orders[step / 3].push_back(number);
    }
  }
  const std::multiset<int64_t> all = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11};
  EXPECT_EQ(epochs[0], all);
  EXPECT_EQ(epochs[1], all);
  EXPECT_NE(orders[0], orders[1]);
}

TEST(ViewLoader, ReplacesAPlaceThatCannotBeReadAndCountsItOnce) {
  const NumberedPlaces places(6, {1, 4});
  ViewLoader loader(places, kViews, {}, {.seed = 5, .batch_size = 6, .workers = 2});
  for (int step = 0; step < 3; ++step) {
    const auto numbers = numbers_of(loader.next());
    const std::set<int64_t> seen(numbers.begin(), numbers.end());
    EXPECT_EQ(numbers.size(), 6u);
    EXPECT_EQ(seen, (std::set<int64_t>{0, 2, 3, 5}));
  }
  EXPECT_EQ(loader.failures(), 2);
}

TEST(ViewLoader, TellsWhatIsWrongWhereNothingCanBeReadOrNothingMayFail) {
  const NumberedPlaces broken(2, {0, 1}), one_broken(2, {0});
  ViewLoader hopeless(broken, kViews, {}, {.batch_size = 1});
  EXPECT_THAT([&] { hopeless.next(); },
              ::testing::ThrowsMessage<DataError>(::testing::HasSubstr("none of the 2 places")));
  ViewLoader strict(one_broken, kViews, {}, {.batch_size = 2, .strict = true});
  EXPECT_THAT([&] { strict.next(); }, ::testing::ThrowsMessage<DataError>(::testing::HasSubstr("place-0.tif")));
  EXPECT_THROW(ViewLoader(NumberedPlaces(0), kViews, {}, {}), DataError);
}

/// Counts what is read of other places.
class CountedPlaces : public PlaceDataset {
 public:
  explicit CountedPlaces(const PlaceDataset& places) : places_(places) {}
  int64_t size() const override { return places_.size(); }
  PlaceSample get(int64_t number) const override { return ++reads, places_.get(number); }
  const SensorContracts& contracts() const override { return places_.contracts(); }

  mutable std::atomic<int64_t> reads = 0;

 private:
  const PlaceDataset& places_;
};

TEST(PlaceCache, GivesTheSameStreamAndReadsEachPlaceOnce) {
  const NumberedPlaces places(10, {4});
  const CountedPlaces counted(places);
  const PlaceCache cache(counted, 1 << 20);
  // Augmentation would write into what is kept, if it wrote into what it is given.
  const AugmentOptions augment{.colour_chance = 1, .gain = 0.5};
  ViewLoader plain(places, kViews, augment, {.seed = 5, .batch_size = 3});
  ViewLoader kept(cache, kViews, augment, {.seed = 5, .batch_size = 3, .workers = 1, .ahead = 1});
  for (int step = 0; step < 12; ++step) ASSERT_TRUE(same(plain.next(), kept.next())) << step;
  EXPECT_GT(counted.reads, 9);      // and the broken one again each time
  EXPECT_LE(counted.reads, 9 + 6);  // twelve steps and some ahead are at most five epochs
}

TEST(PlaceCache, KeepsNoMoreThanItMay) {
  const NumberedPlaces places(10);
  const CountedPlaces counted(places);
  const PlaceCache all(places, 1 << 20), none(counted, 0);
  for (int64_t number = 0; number < 10; ++number) all.get(number);
  const PlaceCache half(counted, all.bytes() / 2);
  for (int epoch = 0; epoch < 2; ++epoch) {
    for (int64_t number = 0; number < 10; ++number) {
      EXPECT_TRUE(
          torch::equal(half.get(number).images[Modality::kMs]->values, all.get(number).images[Modality::kMs]->values));
    }
  }
  EXPECT_EQ(half.bytes(), all.bytes() / 2);
  EXPECT_EQ(counted.reads, 15);
  for (int64_t number = 0; number < 10; ++number) none.get_part(number, {});
  EXPECT_EQ(counted.reads, 25);
  EXPECT_EQ(none.bytes(), 0);
}

TEST(ViewLoader, TellsHowMuchOfTheTimeItWasWaitedFor) {
  const NumberedPlaces slow(8, {}, std::chrono::milliseconds(10)), fast(8);
  ViewLoader starved(slow, kViews, {}, {.batch_size = 1});
  ViewLoader ahead(fast, kViews, {}, {.batch_size = 1});
  for (int step = 0; step < 10; ++step) {
    starved.next();
    ahead.next();
    if (step > 0) std::this_thread::sleep_for(std::chrono::milliseconds(4));
  }
  EXPECT_GT(starved.waiting_share(), 0.05);
  EXPECT_GT(starved.waiting_share(), ahead.waiting_share());
}

TEST(ViewLoader, LeavesTheCallersThreadsAlone) {
  const NumberedPlaces places(2);
  const int before = at::get_num_threads();
  ViewLoader loader(places, kViews, {}, {});
  loader.next();
  EXPECT_EQ(at::get_num_threads(), before);
}

}  // namespace
}  // namespace skysense
