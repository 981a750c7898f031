#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/rslearn_dataset.h"
#include "core/sentinel2_metadata.h"
#include "core/stac_item.h"

namespace skysense {
namespace {

using ::testing::AllOf;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::string safe_xml(const std::string& offsets, const std::string& type = "S2MSI2A") {
  return "<a><PRODUCT_START_TIME>2023-06-01T10:56:21.024Z</PRODUCT_START_TIME><PRODUCT_TYPE>" + type +
         "</PRODUCT_TYPE><PROCESSING_BASELINE>05.09</PROCESSING_BASELINE>"
         "<BOA_QUANTIFICATION_VALUE unit=\"none\">10000</BOA_QUANTIFICATION_VALUE>" +
         offsets + "</a>";
}

TEST(Sentinel2Metadata, SaysLevelDateQuantificationAndOffset) {
  const auto metadata = parse_sentinel2_metadata(
      safe_xml("<BOA_ADD_OFFSET_VALUES_LIST><BOA_ADD_OFFSET band_id=\"0\">-1000</BOA_ADD_OFFSET>"
               "<BOA_ADD_OFFSET band_id=\"1\">-1000</BOA_ADD_OFFSET></BOA_ADD_OFFSET_VALUES_LIST>"),
      "test");
  EXPECT_EQ(metadata.level, "l2a");
  EXPECT_EQ(metadata.baseline, "05.09");
  EXPECT_EQ(metadata.date, (Date{2023, 6, 1}));
  EXPECT_EQ(metadata.quantification, 10000);
  EXPECT_EQ(metadata.add_offset, -1000);
  EXPECT_EQ(parse_sentinel2_metadata(safe_xml(""), "test").add_offset, 0) << "products before baseline 04.00 name none";
}

TEST(Sentinel2Metadata, RefusalsNameTheEntry) {
  const auto refuses = [](const std::string& xml, const std::string& reason) {
    EXPECT_THAT([&] { parse_sentinel2_metadata(xml, "a.xml"); },
                ThrowsMessage<DataError>(AllOf(HasSubstr("a.xml"), HasSubstr(reason))));
  };
  refuses("", "PRODUCT_TYPE");
  refuses(safe_xml("", "S2MSI1B"), "S2MSI1B");
  refuses(safe_xml("<BOA_ADD_OFFSET band_id=\"0\">many</BOA_ADD_OFFSET>"), "'many', not a number");
  refuses(
      safe_xml("<BOA_ADD_OFFSET band_id=\"0\">-1000</BOA_ADD_OFFSET><BOA_ADD_OFFSET band_id=\"1\">0</BOA_ADD_OFFSET>"),
      "differ");
  refuses(safe_xml("", "S2MSI1C"), "QUANTIFICATION_VALUE");
}

TEST(StacItem, BandsAreNamedInBothVersionsOfTheSpecification) {
  const auto old = parse_stac(
      R"({"type":"Feature","stac_version":"1.0.0","id":"a","properties":{"datetime":null,"start_datetime":"2023-06-01T00:00:00Z",)"
      R"("proj:epsg":32631},"assets":{"b":{"href":"b.tif","eo:bands":[{"name":"B02","common_name":"blue"}],)"
      R"("raster:bands":[{"scale":0.0001,"offset":-0.1,"spatial_resolution":20}]}}})",
      "a.json");
  ASSERT_TRUE(old && old->items.size() == 1);
  EXPECT_EQ(old->items[0].date, (Date{2023, 6, 1}));
  EXPECT_EQ(old->items[0].crs, "EPSG:32631");
  EXPECT_THAT(old->items[0].assets.at(0).bands.at(0).names, ElementsAre("B02", "blue"));
  EXPECT_EQ(old->items[0].assets[0].offset, -0.1);
  EXPECT_EQ(old->items[0].assets[0].gsd_m, 20);
  const auto current = parse_stac(
      R"({"type":"FeatureCollection","features":[{"type":"Feature","stac_version":"1.1.0","id":"a","properties":{},)"
      R"("assets":{"b":{"href":"b.tif","raster:offset":-0.1,"bands":[{"name":"B02","eo:common_name":"blue"}]}}}]})",
      "a.json");
  ASSERT_TRUE(current && current->items.size() == 1);
  EXPECT_THAT(current->items[0].assets.at(0).bands.at(0).names, ElementsAre("B02", "blue"));
  EXPECT_EQ(current->items[0].assets[0].offset, -0.1);
}

TEST(StacItem, OtherJsonIsNoneAndBrokenItemsAreRefused) {
  EXPECT_FALSE(parse_stac("[1]", "a"));
  EXPECT_FALSE(parse_stac("{", "a"));
  EXPECT_FALSE(parse_stac(R"({"type":"FeatureCollection","features":[{"type":"Feature"}]})", "a")) << "plain GeoJSON";
  EXPECT_THAT([] { parse_stac(R"({"type":"Feature","stac_version":"1.0.0","id":"x"})", "a.json"); },
              ThrowsMessage<DataError>(AllOf(HasSubstr("a.json"), HasSubstr("properties"))));
  EXPECT_THAT(
      [] {
        parse_stac(R"({"type":"Feature","stac_version":"1.0.0","id":"x","properties":{},"assets":{"b":{}}})", "a.json");
      },
      ThrowsMessage<DataError>(HasSubstr("href")));
}

TEST(RslearnDataset, RefusalsNameTheFile) {
  EXPECT_FALSE(parse_rslearn_config(R"({"name":"other"})", "c"));
  EXPECT_THAT([] { parse_rslearn_config(R"({"layers":{"a":{}}})", "config.json"); },
              ThrowsMessage<DataError>(AllOf(HasSubstr("config.json"), HasSubstr("type"))));
  EXPECT_THAT([] { parse_rslearn_items("[{}]", "items.json"); }, ThrowsMessage<DataError>(HasSubstr("items.json")));
  EXPECT_THAT([] { parse_rslearn_window(R"({"time_range":["May","June"]})", "metadata.json"); },
              ThrowsMessage<DataError>(HasSubstr("no pair of times")));
  EXPECT_FALSE(parse_rslearn_window(R"({"time_range":null})", "metadata.json"));
}

}  // namespace
}  // namespace skysense
