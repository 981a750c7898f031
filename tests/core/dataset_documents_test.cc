#include "core/dataset_documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/csv.h"
#include "core/npy.h"
#include "testing/error_of.h"

namespace skysense {
namespace {

using ::testing::ElementsAre;
using testing::error_of;
using ::testing::HasSubstr;

NpyHeader header_of(const std::string& dict) {
  const std::string bytes =
      std::string("\x93NUMPY\x01\x00", 8) + static_cast<char>(dict.size()) + '\0' + dict + std::string(8, '\1');
  return parse_npy_header(std::as_bytes(std::span(bytes)), "a.npy");
}

TEST(NpyHeader, TypeShapeAndPlaceOfTheDataAreRead) {
  const NpyHeader header = header_of("{'descr': '<i2', 'fortran_order': False, 'shape': (46, 10, 128, 128), }\n");
  EXPECT_EQ(header.kind, 'i');
  EXPECT_EQ(header.item_bytes, 2);
  EXPECT_THAT(header.shape, ElementsAre(46, 10, 128, 128));
  EXPECT_EQ(header.data_offset, 10 + 72) << "the preamble and the text";
  EXPECT_EQ(header_of("{'descr': '<f4', 'fortran_order': False, 'shape': (3,), }").elements(), 3);
  EXPECT_EQ(header_of("{'descr': '|b1', 'fortran_order': False, 'shape': (), }").elements(), 1);
  EXPECT_EQ(header_of("{\"shape\": (0, 5), 'fortran_order': False, 'descr': '<f8'}").elements(), 0);
}

TEST(NpyHeader, ElementsAreLittleEndianNumbersOfTheirType) {
  const std::vector<unsigned char> bytes = {0xfe, 0xff, 0x01, 0x00};
  const auto* data = reinterpret_cast<const std::byte*>(bytes.data());
  EXPECT_EQ(npy_element({'i', 2, {2}, 0}, data, 0), -2);
  EXPECT_EQ(npy_element({'u', 2, {2}, 0}, data, 0), 65534);
  EXPECT_EQ(npy_element({'u', 1, {4}, 0}, data, 2), 1);
}

TEST(NpyHeader, RefusesWhatItDoesNotRead) {
  EXPECT_THAT(error_of([] { header_of("{'descr': '<c8', 'fortran_order': False, 'shape': (2,), }"); }),
              HasSubstr("<c8"));
  EXPECT_THAT(error_of([] { header_of("{'descr': '<i2', 'shape': (2,), }"); }), HasSubstr("lacks"));
  EXPECT_THAT(error_of([] { header_of("{'descr': '<i2', 'fortran_order': False, 'shape': (-2,), }"); }),
              HasSubstr("sides"));
  EXPECT_THAT(error_of([] { header_of("{'descr': '<i2', 'fortran_order': Fals"); }), HasSubstr("True or False"));
}

TEST(Csv, QuotedFieldsHoldCommasQuotesAndLineBreaks) {
  const CsvTable table = parse_csv(
      "\xEF\xBB\xBF"
      "a,b\r\n1,\"x, \"\"y\"\"\nz\"\n\n,2\n",
      "t.csv");
  EXPECT_THAT(table.columns, ElementsAre("a", "b"));
  ASSERT_EQ(table.rows.size(), 2U);
  EXPECT_EQ(table.rows[0][1], "x, \"y\"\nz");
  EXPECT_EQ(table.rows[1][0], "");
  EXPECT_EQ(csv_number(table, 1, table.column("b")), 2);
}

TEST(Csv, ErrorsNameFileAndLine) {
  EXPECT_THAT(error_of([] { parse_csv("a,b\n1,2\n3\n", "t.csv"); }), HasSubstr("t.csv:3: 1 fields under 2"));
  EXPECT_THAT(error_of([] { parse_csv("a\n\"x", "t.csv"); }), HasSubstr("t.csv:2: a quote without end"));
  EXPECT_THAT(error_of([] { parse_csv("a\n\"x\"y\n", "t.csv"); }), HasSubstr("behind a closing quote"));
  EXPECT_THAT(error_of([] { parse_csv("a\n1x\n", "t.csv").column("b"); }), HasSubstr("no column 'b', but a"));
  EXPECT_THAT(error_of([] { csv_number(parse_csv("a\n1x\n", "t.csv"), 0, 0); }), HasSubstr("a is '1x'"));
}

TEST(PastisMetadata, DatesAreReadInTheOrderOfTheirNumbersAlsoFromTexts) {
  const auto patches = parse_pastis_metadata(
      R"({"features":[{"properties":{"ID_PATCH":"10000","Fold":2,"dates-S2":{"1":20181004,"0":20180924},)"
      R"("dates-S1A":"{\"0\": 20180902}"}}]})",
      "m.geojson");
  ASSERT_EQ(patches.size(), 1U);
  EXPECT_EQ(patches[0].id, 10000);
  EXPECT_EQ(patches[0].dates.at("S2").at(1).text(), "2018-10-04");
  EXPECT_EQ(patches[0].dates.at("S1A").at(0).text(), "2018-09-02");
}

TEST(PastisMetadata, ErrorsNameTheFeature) {
  const auto error = [](const std::string& properties) {
    return error_of(
        [&] { parse_pastis_metadata(R"({"features":[{"properties":{)" + properties + "}}]}", "m.geojson"); });
  };
  EXPECT_THAT(error(R"("ID_PATCH":1,"Fold":6,"dates-S2":{})"), HasSubstr("m.geojson: feature 0: Fold 6"));
  EXPECT_THAT(error(R"("ID_PATCH":1,"Fold":1)"), HasSubstr("dates-S2 is missing"));
  EXPECT_THAT(error(R"("ID_PATCH":1,"Fold":1,"dates-S2":{"0":20181301})"), HasSubstr("20181301 is no date"));
  EXPECT_THAT(error(R"("ID_PATCH":1,"Fold":1,"dates-S2":{"1":20180101})"), HasSubstr("0 is missing"));
}

TEST(BigEarthNetPatch, LabelsDateAndPartnerAreRead) {
  const auto patch = parse_bigearthnet_patch(
      R"({"labels":["Pastures"],"acquisition_time":"2017-06-13T16:50:43","corresponding_s2_patch":"S2A"})", "p.json");
  EXPECT_THAT(patch.labels, ElementsAre("Pastures"));
  EXPECT_EQ(patch.date->text(), "2017-06-13");
  EXPECT_EQ(patch.sentinel2_patch, "S2A");
  EXPECT_THAT(error_of([] { parse_bigearthnet_patch("{}", "p.json"); }), HasSubstr("p.json: no list of labels"));
}

TEST(NameList, BlanksAndEmptyLinesAreDropped) {
  EXPECT_THAT(parse_name_list(" a b \r\n\n\tc"), ElementsAre("a b", "c"));
}

}  // namespace
}  // namespace skysense
