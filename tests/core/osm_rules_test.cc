#include "core/osm_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace skysense {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr OsmGeometry kArea = OsmGeometry::kArea, kLine = OsmGeometry::kLine, kPoint = OsmGeometry::kPoint;

const std::string kHead = R"(format_version: 1
classes:
  - {number: 1, name: road, colour: "#102030"}
  - {number: 0, name: house, colour: "#ff0000"}
rules:
)";

/// The rules of a document whose rule list ends with `rule`.
OsmRules parse(const std::string& rule) { return parse_osm_rules(kHead + rule, "f.yaml"); }

TEST(OsmRules, ClassesStandByTheirNumbers) {
  const OsmRules rules = parse("  - {name: a, class: road, geometry: line, where: {highway: \"*\"}, width_m: 5}");
  ASSERT_EQ(rules.classes.size(), 2);
  EXPECT_EQ(rules.classes[0].name, "house");
  EXPECT_EQ(rules.classes[1].colour, (std::array<uint8_t, 3>{0x10, 0x20, 0x30}));
  EXPECT_EQ(rules.rules[0].class_number, 1);
}

TEST(OsmRules, TheFirstRuleThatTakesKindAndTagsIsTheOne) {
  const OsmRules rules = parse(R"(
  - {name: big, class: road, geometry: line, where: {highway: [motorway, trunk], oneway: "yes"}, width_m: 12}
  - {name: any, class: road, geometry: [line, area], where: [{highway: "*"}, {railway: rail}], unless: {tunnel: "yes"}, width_m: 5}
  - {name: pole, class: house, geometry: point, where: {power: "*"}, radius_m: 1.5})");
  const auto match = [&](const OsmTags& tags, OsmGeometry kind) { return rules.match(tags, kind); };
  EXPECT_EQ(match({{"highway", "trunk"}, {"oneway", "yes"}}, kLine), 0);
  EXPECT_EQ(match({{"highway", "trunk"}}, kLine), 1);
  EXPECT_EQ(match({{"highway", "trunk"}, {"oneway", "yes"}}, kArea), 1);
  EXPECT_EQ(match({{"railway", "rail"}}, kLine), 1);
  EXPECT_FALSE(match({{"railway", "tram"}}, kLine));
  EXPECT_FALSE(match({{"highway", "path"}, {"tunnel", "yes"}}, kLine));
  EXPECT_EQ(match({{"highway", "path"}, {"tunnel", "no"}}, kLine), 1);
  EXPECT_EQ(match({{"power", "pole"}}, kPoint), 2);
  EXPECT_FALSE(match({{"power", "pole"}}, kLine));
  EXPECT_EQ(rules.rules[2].width_of({}, kPoint), 3);
}

TEST(OsmRules, WidthComesFromTheTagThenTheLanesThenTheRule) {
  const OsmRules rules = parse(
      "  - {name: a, class: road, geometry: line, where: {highway: \"*\"}, width_m: 6, width_tag: width, lane_m: 3.5}");
  const auto width = [&](const OsmTags& tags) { return rules.rules[0].width_of(tags, kLine); };
  EXPECT_EQ(width({}), 6);
  EXPECT_EQ(width({{"lanes", "4"}}), 14);
  EXPECT_EQ(width({{"lanes", "4"}, {"width", "9.5 m"}}), 9.5);
  EXPECT_EQ(width({{"lanes", "many"}, {"width", "wide"}}), 6);
  EXPECT_EQ(width({{"width", "9000"}}), 200) << "a slip of the keyboard";
}

TEST(OsmRules, RefusalsNameFileRuleAndKeyAndTheNearestKnownOne) {
  const auto refuses = [](const std::string& rule, const std::string& part) {
    EXPECT_THAT([&] { parse(rule); }, ThrowsMessage<UsageError>(AllOf(HasSubstr("f.yaml"), HasSubstr(part)))) << rule;
  };
  const std::string area = "  - {name: a, class: house, geometry: area, where: {building: \"*\"}";
  refuses(area + ", ordr: 3}", "rule 1 'a': unknown key 'ordr'; did you mean 'order'?");
  refuses(area + ", width_m: 3}", "rule 1 'a': width_m is of lines");
  refuses(area + ", order: high}", "rule 1 'a': order is 'high'");
  refuses(area + ", order: 1.5}", "order must be a whole number");
  refuses(area + ", order: nan}", "order is 'nan'");
  refuses(area + ", unless: {}}", "unless must be a map of tags");
  refuses(area + "}\n" + area + "}", "rules 1 and 2 are both named 'a'");
  refuses("  - {name: a, class: hous, geometry: area, where: {building: \"*\"}}",
          "unknown class 'hous'; did you mean 'house'?");
  refuses("  - {name: a, class: house, geometry: aera, where: {building: \"*\"}}", "did you mean 'area'?");
  refuses("  - {name: a, class: house, geometry: area}", "rule 1 'a': where is missing");
  refuses("  - {name: a, class: road, geometry: line, where: {highway: \"*\"}}", "rule 1 'a': width_m is missing");
  refuses("  - {name: a, class: house, geometry: area, where: {building: [\"*\", x]}}", "building: \"*\" stands alone");
  refuses("  - {name: [", "not YAML");
  const auto whole = [](const std::string& text) { return [text] { parse_osm_rules(text, "f.yaml"); }; };
  EXPECT_THAT(whole("format_version: 2\nclasses: []\nrules: []"),
              ThrowsMessage<UsageError>(HasSubstr("format_version is 2")));
  EXPECT_THAT(whole("format_version: 1\nclasses:\n - {number: 0, name: a, colour: \"#12345\"}\nrules: []"),
              ThrowsMessage<UsageError>(AllOf(HasSubstr("class 0 of the list"), HasSubstr("colour is '#12345'"))));
  EXPECT_THAT(whole("format_version: 1\nclasses:\n - {number: 0, name: a, colour: \"#123456\"}\n - {number: 0, name: "
                    "b, colour: \"#123456\"}\nrules: []"),
              ThrowsMessage<UsageError>(HasSubstr("number 0 stands twice")));
}

TEST(OsmRules, TheProgramsOwnRulesDrawRoadsOverWaterAndBuildingsOverAll) {
  const OsmRules rules = default_osm_rules();
  const auto order = [&](const OsmTags& tags, OsmGeometry kind) {
    return rules.rules.at(rules.match(tags, kind).value()).order;
  };
  const auto name = [&](const OsmTags& tags, OsmGeometry kind) {
    return rules.classes[rules.rules.at(rules.match(tags, kind).value()).class_number].name;
  };
  EXPECT_LT(order({{"landuse", "residential"}}, kArea), order({{"natural", "wood"}}, kArea));
  EXPECT_LT(order({{"natural", "coastline"}}, kArea), order({{"natural", "beach"}}, kArea));
  EXPECT_LT(order({{"natural", "wood"}}, kArea), order({{"natural", "water"}}, kArea));
  EXPECT_LT(order({{"natural", "water"}}, kArea), order({{"highway", "primary"}}, kLine));
  EXPECT_LT(order({{"highway", "primary"}}, kLine), order({{"building", "yes"}}, kArea));
  EXPECT_EQ(name({{"highway", "primary"}, {"bridge", "yes"}}, kLine), "road");
  EXPECT_EQ(name({{"landuse", "vineyard"}}, kArea), "orchard or vineyard");
  EXPECT_FALSE(rules.match({{"highway", "primary"}, {"tunnel", "yes"}}, kLine));
  EXPECT_FALSE(rules.match({{"building", "no"}}, kArea));
  EXPECT_FALSE(rules.match({{"boundary", "administrative"}}, kArea));
}

}  // namespace
}  // namespace skysense
