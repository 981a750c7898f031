#include "core/date.h"

#include <gtest/gtest.h>

namespace skysense {
namespace {

TEST(Date, ReadsTheSpellingsOfProducts) {
  const Date expected{2024, 5, 1};
  EXPECT_EQ(parse_date("2024-05-01"), expected);
  EXPECT_EQ(parse_date("20240501"), expected);
  EXPECT_EQ(parse_date("2024-05-01T10:50:31Z"), expected);
  EXPECT_EQ(parse_date("20240501T105031"), expected);
}

TEST(Date, RefusesWhatIsNoDate) {
  for (const char* text : {"", "2024", "2024-13-01", "2024-02-30", "20240230", "2024/05/01", "2024-05-01x", "202405011",
                           "99999999", "00000000", "-024-05-01"}) {
    EXPECT_FALSE(parse_date(text)) << text;
  }
}

TEST(Date, CountsTheDaysOfAYear) {
  EXPECT_EQ((Date{2023, 1, 1}.day_of_year()), 1);
  EXPECT_EQ((Date{2023, 12, 31}.day_of_year()), 365);
  EXPECT_EQ((Date{2024, 12, 31}.day_of_year()), 366);
  EXPECT_EQ((Date{2024, 3, 1}.day_of_year()), 61);
}

TEST(Date, DaysSinceTheEpochAreInverted) {
  EXPECT_EQ((Date{1970, 1, 1}.days_since_epoch()), 0);
  EXPECT_EQ((Date{2000, 3, 1}.days_since_epoch()), 11017);
  for (int64_t days = -20000; days <= 40000; days += 13) EXPECT_EQ(date_from_days(days).days_since_epoch(), days);
}

TEST(Date, FindsTheDateInsideAName) {
  const Date expected{2017, 6, 13};
  EXPECT_EQ(find_date("S2A_MSIL2A_20170613T101031_N9999_R022_T33UUP_20200929T045629"), expected);
  EXPECT_EQ(find_date("S1A_IW_GRDH_1SDV_20170613T165043_33UUP_61_39"), expected);
  EXPECT_EQ(find_date("field-2017-06-13.tif"), expected);
  EXPECT_EQ(find_date("20170613"), expected);
}

TEST(Date, FindsNoneInNumbersThatOnlyLookLikeOne) {
  EXPECT_FALSE(find_date("scene_120170613.tif"));
  EXPECT_FALSE(find_date("tile_20179913.tif"));
  EXPECT_FALSE(find_date("T33UUP.tif"));
}

}  // namespace
}  // namespace skysense
