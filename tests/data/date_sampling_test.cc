#include "data/date_sampling.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <set>

namespace skysense {
namespace {

TEST(DateSampling, DrawsInOrderWithinAWindow) {
  RandomStream stream(1);
  std::set<int64_t> seen;
  for (int i = 0; i < 2000; ++i) {
    const auto dates = draw_dates(60, 20, 10, stream);
    ASSERT_EQ(dates.size(), 10u);
    ASSERT_TRUE(std::is_sorted(dates.begin(), dates.end()));
    ASSERT_EQ(std::set<int64_t>(dates.begin(), dates.end()).size(), 10u);
    ASSERT_LT(dates.back() - dates.front(), 20);
    seen.insert(dates.begin(), dates.end());
  }
  EXPECT_EQ(seen.size(), 60u);  // every date has its turn
}

TEST(DateSampling, AShortSeriesGivesAllThatItHas) {
  RandomStream stream(1);
  EXPECT_EQ(draw_dates(3, 20, 10, stream), (std::vector<int64_t>{0, 1, 2}));
  EXPECT_EQ(draw_dates(1, 1, 1, stream), (std::vector<int64_t>{0}));
}

TEST(DateSampling, JitterWrapsAroundTheYear) {
  RandomStream stream(1);
  std::set<int64_t> from_new_year, from_end;
  for (int i = 0; i < 1000; ++i) {
    from_new_year.insert(jitter_day(2, 7, stream));
    from_end.insert(jitter_day(366, 7, stream));
  }
  EXPECT_EQ(from_new_year, (std::set<int64_t>{360, 361, 362, 363, 364, 365, 1, 2, 3, 4, 5, 6, 7, 8, 9}));
  EXPECT_EQ(from_end, (std::set<int64_t>{358, 359, 360, 361, 362, 363, 364, 365, 1, 2, 3, 4, 5, 6, 7}));
}

TEST(DateSampling, AnUndatedImageStaysUndated) {
  RandomStream stream(1);
  EXPECT_EQ(jitter_day(0, 7, stream), 0);
}

}  // namespace
}  // namespace skysense
