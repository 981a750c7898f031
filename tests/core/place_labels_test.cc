#include "core/place_labels.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "testing/error_of.h"

namespace skysense {
namespace {

using ::testing::HasSubstr;

constexpr const char* kFlights =
    R"("change":{"mask":"m.tif","flights":[{"date":"2023-06-01","hr":"a.tif","hr_cover":"ac.tif"},)"
    R"({"date":"2025-06-01","hr":"b.tif","hr_cover":"bc.tif"}]})";

std::string error_of(const std::string& text) {
  return testing::error_of([&] { parse_place_labels(text, "labels.jsonl"); });
}

TEST(PlaceLabels, EveryKindOfLabelIsRead) {
  const auto places =
      parse_place_labels(std::string(R"({"id":"a","covers":["water"],"hr_cover":"c.tif","crops":"d.tif",)") + kFlights +
                             R"(,"months":[{"date":"2023-01-14","ms":"m1.tif","clear":"c1.tif","cover":"l1.tif"}]})" +
                             "\n\n" + R"({"id":"b","covers":[]})",
                         "labels.jsonl");
  ASSERT_EQ(places.size(), 2U);
  EXPECT_EQ(places[0].hr_cover, "c.tif");
  EXPECT_EQ(places[0].crops, "d.tif");
  EXPECT_EQ(places[0].change, "m.tif");
  ASSERT_EQ(places[0].flights.size(), 2U);
  EXPECT_EQ(places[0].flights[1].date, (Date{2025, 6, 1}));
  EXPECT_EQ(places[0].flights[0].hr_cover, "ac.tif");
  ASSERT_EQ(places[0].months.size(), 1U);
  EXPECT_EQ(places[0].months[0].clear, "c1.tif");
  EXPECT_TRUE(places[1].flights.empty() && places[1].crops.empty());
}

TEST(PlaceLabels, DamageIsNamedWithItsLine) {
  EXPECT_THAT(error_of("{\"id\":\"a\"}\n{"), HasSubstr("labels.jsonl:2: no JSON object"));
  EXPECT_THAT(error_of(R"({"crops":"d.tif"})"), HasSubstr("'id' is missing"));
  EXPECT_THAT(error_of(R"({"id":"a","crops":7})"), HasSubstr("'crops'"));
  EXPECT_THAT(error_of("{\"id\":\"a\"}\n{\"id\":\"a\"}"), HasSubstr("'a' stands there twice"));
  EXPECT_THAT(error_of(R"({"id":"a","change":{"mask":"m.tif","flights":[]}})"), HasSubstr("0 flights"));
  EXPECT_THAT(error_of(R"({"id":"a","months":[{"date":"May","ms":"a","cover":"b"}]})"), HasSubstr("'May' is no date"));
  EXPECT_THAT(error_of(R"({"id":"a","months":[{"date":"2023-02-01","ms":"a","cover":"b"},)"
                       R"({"date":"2023-01-01","ms":"a","cover":"b"}]})"),
              HasSubstr("2023-01-01 does not come after 2023-02-01"));
}

}  // namespace
}  // namespace skysense
