#include "core/osm_tags.h"

#include <gtest/gtest.h>

namespace skysense {
namespace {

TEST(OsmTags, TextOfOgrIsReadWithQuotesAndBackslashes) {
  const auto tags = parse_hstore(R"("name"=>"Café \"Nord\"","path"=>"a\\b,c=>d","empty"=>"")");
  ASSERT_TRUE(tags);
  EXPECT_EQ(*tags, (OsmTags{{"name", "Café \"Nord\""}, {"path", "a\\b,c=>d"}, {"empty", ""}}));
  EXPECT_EQ(parse_hstore(format_hstore(*tags)), tags);
  EXPECT_EQ(parse_hstore(""), OsmTags{});
}

TEST(OsmTags, TextThatIsNoneIsRefused) {
  for (const char* text :
       {"name", "\"a\"", "\"a\"=>", "\"a\"=>\"b", "\"a\"=>\"b\",", "\"a\"=>\"b\"\"c\"=>\"d\"", "{\"a\": \"b\"}"})
    EXPECT_FALSE(parse_hstore(text)) << text;
}

TEST(OsmTags, LengthsAreMetresInWhateverUnitMappersWrite) {
  EXPECT_EQ(parse_length_m("7.5"), 7.5);
  EXPECT_EQ(parse_length_m("7,5 m"), 7.5);
  EXPECT_EQ(parse_length_m(" 12m "), 12);
  EXPECT_NEAR(parse_length_m("10 ft").value(), 3.048, 1e-9);
  EXPECT_NEAR(parse_length_m("5'6\"").value(), 1.6764, 1e-9);
  EXPECT_EQ(parse_length_m("0.2 km"), 200);
  for (const char* text : {"", "wide", "-3", "0", "3-4", "3;4", "1e3", "3 parsecs", "5'6"})
    EXPECT_FALSE(parse_length_m(text)) << text;
}

}  // namespace
}  // namespace skysense
