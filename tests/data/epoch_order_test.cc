#include "data/epoch_order.h"

#include <gtest/gtest.h>

#include <set>
#include <vector>

namespace skysense {
namespace {

std::vector<int64_t> order_of(uint64_t seed, uint64_t epoch, int64_t size) {
  const EpochOrder order(seed, epoch, size);
  std::vector<int64_t> places;
  for (int64_t position = 0; position < size; ++position) places.push_back(order.place(position));
  return places;
}

TEST(EpochOrder, VisitsEveryPlaceOnce) {
  for (const int64_t size : {1, 2, 3, 5, 16, 17, 1000, 4097}) {
    const auto places = order_of(3, 1, size);
    const std::set<int64_t> seen(places.begin(), places.end());
    EXPECT_EQ(static_cast<int64_t>(seen.size()), size);
    EXPECT_EQ(*seen.begin(), 0);
    EXPECT_EQ(*seen.rbegin(), size - 1);
  }
}

TEST(EpochOrder, ChangesWithSeedAndEpoch) {
  EXPECT_EQ(order_of(3, 1, 100), order_of(3, 1, 100));
  EXPECT_NE(order_of(3, 1, 100), order_of(3, 2, 100));
  EXPECT_NE(order_of(3, 1, 100), order_of(4, 1, 100));
}

TEST(EpochOrder, PutsEachPlaceEverywhereInTheLongRun) {
  // Over many epochs the mean position of place 0 is the middle; an order that only rotates a little would not pass.
  constexpr int64_t kSize = 50, kEpochs = 2000;
  double sum = 0;
  for (int64_t epoch = 0; epoch < kEpochs; ++epoch) sum += static_cast<double>(EpochOrder(1, static_cast<uint64_t>(epoch), kSize).place(0));
  EXPECT_NEAR(sum / kEpochs, (kSize - 1) / 2.0, 1.5);  // 4.6 standard errors
}

}  // namespace
}  // namespace skysense
