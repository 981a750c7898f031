#include "core/xml.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace skysense {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Xml, KeepsNamesTextsAndLines) {
  const XmlElement root =
      parse_xml("<?xml version=\"1.0\"?>\n<a>\n  <b x='1'> t&amp;u </b>\n  <c/><b>2</b>\n</a>", "f");
  EXPECT_EQ(root.name, "a");
  EXPECT_EQ(root.line, 2);
  ASSERT_EQ(root.children.size(), 3);
  EXPECT_EQ(root.child("b")->text, "t&u");
  EXPECT_EQ(root.child("b")->line, 3);
  EXPECT_EQ(root.children[2].text, "2");
  EXPECT_EQ(root.child("c")->line, 4);
  EXPECT_EQ(root.child("d"), nullptr);
}

TEST(Xml, RefusesWithFileAndLine) {
  EXPECT_THAT([] { parse_xml("<a>\n<b>\n</a>", "f.xml"); }, ThrowsMessage<DataError>(HasSubstr("f.xml:3: not XML")));
  EXPECT_THAT([] { parse_xml("", "f.xml"); }, ThrowsMessage<DataError>(HasSubstr("f.xml:1: not XML")));
  EXPECT_THAT([] { parse_xml("<a/>\n<b/>", "f.xml"); }, ThrowsMessage<DataError>(HasSubstr("f.xml:2: not XML")));
}

TEST(Xml, RefusesEntitiesAndDeepNests) {
  EXPECT_THAT([] { parse_xml("<!DOCTYPE a [\n<!ENTITY b 'c'>]>\n<a>&b;</a>", "f.xml"); },
              ThrowsMessage<DataError>(HasSubstr("f.xml:2: entities")));
  std::string deep;
  for (int i = 0; i < 70; ++i) deep += "<a>";
  EXPECT_THAT([&] { parse_xml(deep, "f.xml"); }, ThrowsMessage<DataError>(HasSubstr("nest deeper")));
}

}  // namespace
}  // namespace skysense
