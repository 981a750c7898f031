#include "data/box_documents.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "data/box_formats.h"
#include "data/coco_document.h"
#include "data/object_check.h"

namespace skysense {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

const std::vector<std::string> kNames = {"ship", "storage tank & co"};
const std::map<std::string, int64_t> kClasses = {{"ship", 0}, {"storage tank & co", 1}, {"left out", -1}};

/// An image as our own writers describe it.
LabelledImage image_of_two() {
  LabelledImage image{.file = "a/b.tif", .width = 100, .height = 80, .bands = 3, .gsd_m = 0.5, .boxes = {}};
  const auto add = [&](int64_t category, const OrientedBox& box, bool truncated, bool difficult) {
    LabelledBox own{.category = category, .corners = {}, .truncated = truncated, .difficult = difficult};
    own.corners = box.corners();
    image.boxes.push_back(own);
  };
  add(0, {40, 30, 30, 10, 0.4}, false, false);
  add(1, {70, 60, 20, 16, 0}, true, true);
  return image;
}

void expect_box(const OrientedBox& found, const OrientedBox& expected, double tolerance) {
  EXPECT_NEAR(found.x, expected.x, tolerance);
  EXPECT_NEAR(found.y, expected.y, tolerance);
  EXPECT_NEAR(found.width, expected.width, tolerance);
  EXPECT_NEAR(found.height, expected.height, tolerance);
  EXPECT_NEAR(found.angle, expected.angle, tolerance);
}

CheckedObjects check(const ImageObjects& image, BoxKind kind = BoxKind::kOriented) {
  return check_objects(image, kClasses, kind, 100, 80);
}

TEST(BoxDocuments, ReadWhatOurOwnWritersWrote) {
  const LabelledImage image = image_of_two();
  CocoDocument coco(kNames);
  coco.add(image);
  const CocoObjects document = parse_coco(coco.json().dump(1), "c.json");
  EXPECT_EQ(document.classes, kNames);
  ASSERT_EQ(document.images.size(), 1);
  EXPECT_EQ(document.images[0].file, "a/b.tif");
  EXPECT_TRUE(document.problems.empty());
  LabelledImage one_word = image;
  one_word.boxes[1].category = 0;
  const ImageObjects voc = parse_voc(voc_xml(image, kNames), "v.xml"),
                     dota = parse_dota(dota_text(one_word, kNames), "d.txt");
  EXPECT_EQ(voc.width, 100);
  EXPECT_EQ(voc.height, 80);
  for (const ImageObjects& objects : {document.images[0].objects, voc, dota}) {
    const CheckedObjects checked = check(objects);
    EXPECT_TRUE(checked.problems.empty());
    ASSERT_EQ(checked.labels.size(), 2);
    expect_box(checked.labels.boxes[0], {40, 30, 30, 10, 0.4}, 0.02);  // corners are written in hundredths of a pixel
    expect_box(checked.labels.boxes[1], {70, 60, 20, 16, 0}, 0.02);
    EXPECT_THAT(checked.labels.ignored, ElementsAre(0, 1));
  }
  EXPECT_THAT(check(voc).labels.classes, ElementsAre(0, 1));
  EXPECT_THAT(check(document.images[0].objects).labels.classes, ElementsAre(0, 1));
  EXPECT_TRUE(voc.objects[1].truncated);
}

TEST(BoxDocuments, UprightBoxesOfVocCountWholePixelsFromOne) {
  const ImageObjects image = parse_voc(
      "<annotation><object><name>ship</name><difficult>0</difficult><bndbox><xmin>1</xmin><ymin>2</ymin><xmax>3</xmax>"
      "<ymax>2</ymax></bndbox></object></annotation>",
      "v.xml");
  const CheckedObjects checked = check(image, BoxKind::kUpright);
  ASSERT_EQ(checked.labels.size(), 1);
  expect_box(checked.labels.boxes[0], {1.5, 1.5, 3, 1, 0}, 0);
}

TEST(BoxDocuments, DotaHasHeadsOrNotAndADifficultyOrNot) {
  const ImageObjects bare = parse_dota("0 0 10 0 10 5 0 5 ship\r\n\n1 1 3 1 3 3 1 3 ship 2\n", "d.txt");
  ASSERT_EQ(bare.objects.size(), 2);
  EXPECT_FALSE(bare.objects[0].difficult);
  EXPECT_TRUE(bare.objects[1].difficult);
  EXPECT_EQ(bare.objects[1].where, "d.txt:3");
  EXPECT_EQ(parse_dota("imagesource:GoogleEarth\ngsd:null\n0 0 10 0 10 5 0 5 ship 0", "d.txt").objects[0].where,
            "d.txt:3");
  EXPECT_TRUE(parse_dota("", "d.txt").objects.empty());
}

TEST(BoxDocuments, Fair1mHasClosedPolygonsAndPossibleResults) {
  const ImageObjects image = parse_fair1m(
      "<annotation><size><width>100</width><height>80</height></size>\n<objects><object><coordinate>pixel</coordinate>"
      "<possibleresult><name>ship</name></possibleresult><points><point>10.5,20</point><point>30,20</point>"
      "<point>30,30</point><point>10.5,30</point><point>10.5,20</point></points></object></objects></annotation>",
      "f.xml");
  ASSERT_EQ(image.objects.size(), 1);
  EXPECT_EQ(image.objects[0].outline.size(), 4);
  EXPECT_EQ(image.objects[0].where, "f.xml:2");
  expect_box(check(image).labels.boxes[0], {20.25, 25, 19.5, 10, 0}, 1e-12);
}

TEST(BoxDocuments, RefuseOtherTextWithFileAndLine) {
  EXPECT_THAT([] { parse_dota("0 0 10 0 10 5 0 5 ship 0\n0 0 10 0 10 5 0 ship 0\n1", "d.txt"); },
              ThrowsMessage<DataError>(HasSubstr("d.txt:2: '")));
  EXPECT_THAT([] { parse_dota("1 2 3", "d.txt"); }, ThrowsMessage<DataError>(HasSubstr("d.txt:1: 3 words")));
  EXPECT_THAT([] { parse_voc("<annotation>\n<object><name>a</name></object></annotation>", "v.xml"); },
              ThrowsMessage<DataError>(HasSubstr("v.xml:2: <object> without <bndbox>")));
  EXPECT_THAT([] { parse_voc("<annotation>\n<object>\n<bndbox/></object></annotation>", "v.xml"); },
              ThrowsMessage<DataError>(HasSubstr("v.xml:2: <object> without <name>")));
  EXPECT_THAT(
      [] {
        parse_voc("<annotation><object><name>a</name><bndbox>\n<xmin>one</xmin></bndbox></object></annotation>",
                  "v.xml");
      },
      ThrowsMessage<DataError>(HasSubstr("v.xml:2: <xmin> is 'one', not a number")));
  EXPECT_THAT([] { parse_voc("<html/>", "v.xml"); }, ThrowsMessage<DataError>(HasSubstr("not <annotation>")));
  EXPECT_THAT([] { parse_fair1m("<annotation/>", "f.xml"); },
              ThrowsMessage<DataError>(HasSubstr("f.xml:1: <annotation> without <objects>")));
  EXPECT_THAT([] { parse_coco("{\"images\": []}", "c.json"); },
              ThrowsMessage<DataError>(HasSubstr("c.json: no list 'categories'")));
  EXPECT_THAT([] { parse_coco("[1", "c.json"); }, ThrowsMessage<DataError>(HasSubstr("c.json: ")));
}

const char* kCoco = R"({"categories": [{"id": 7, "name": "ship"}, {"id": 3, "name": "tank"}],
 "images": [{"id": 1, "file_name": "a.png", "width": 50, "height": 40}, {"id": 2, "file_name": "b.png"}],
 "annotations": [
  {"id": 1, "image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4], "iscrowd": 0, "segmentation": [[1, 2, 4, 2, 4, 6, 1, 6]]},
  {"id": 2, "image_id": 1, "category_id": 3, "bbox": [NaN, 2, 3, -Infinity], "iscrowd": 1, "segmentation": {"counts": "NaN"}},
  {"id": 3, "image_id": 9, "category_id": 3, "bbox": [1, 2, 3, 4]},
  {"id": 4, "image_id": 2, "category_id": 4, "bbox": [1, 2, 3, 4], "note": "\"NaN\" {["}
 ]})";

TEST(BoxDocuments, CocoNamesItsAnnotationsByLineAndIdentifier) {
  const CocoObjects document = parse_coco(kCoco, "c.json");
  EXPECT_THAT(document.classes, ElementsAre("tank", "ship"));  // by identifier
  ASSERT_EQ(document.images.size(), 2);
  const auto& first = document.images[0].objects;
  EXPECT_EQ(first.width, 50);
  ASSERT_EQ(first.objects.size(), 2);
  EXPECT_EQ(first.objects[0].name, "ship");
  EXPECT_EQ(first.objects[0].outline.size(), 4);
  EXPECT_TRUE(first.objects[1].crowd);
  EXPECT_TRUE(std::isnan(first.objects[1].upright->left));
  EXPECT_EQ(first.objects[1].where, "c.json:5: annotation 1 (id 2)");
  EXPECT_THAT(document.problems,
              ElementsAre("c.json:6: annotation 2 (id 3): of image 9, which the document does not have"));
  EXPECT_EQ(document.images[1].objects.objects[0].name, "category 4");
  EXPECT_EQ(document.images[1].objects.objects[0].where, "c.json:7: annotation 3 (id 4)");
}

TEST(ObjectCheck, LeavesOutWhatCannotBeLearntFromAndSaysWhy) {
  const ImageObjects image = parse_dota(
      "10 10 20 10 20 20 10 20 ship 0\n"
      "nan 10 20 10 20 20 10 20 ship 0\n"
      "10 10 20 10 20 20 inf 20 ship 0\n"
      "10 10 20 10 20 20 10 20 shipp 0\n"
      "10 10 20 10 20 10 10 10 ship 0\n"
      "5 5 5 5 5 5 5 5 ship 0\n"
      "200 10 220 10 220 20 200 20 ship 0\n"
      "-20 10 -10 10 -10 20 -20 20 ship 0\n"
      "1e300 10 20 10 20 20 10 20 ship 0\n"
      "95 75 115 75 115 95 95 95 ship 0\n",
      "d.txt");
  const CheckedObjects checked = check(image);
  EXPECT_EQ(checked.labels.size(), 2);  // the first and the last, which the image shows in part
  EXPECT_THAT(checked.problems, ElementsAre(HasSubstr("d.txt:2: a coordinate"), HasSubstr("d.txt:3: a coordinate"),
                                            "d.txt:4: unknown class 'shipp'; did you mean 'ship'?",
                                            HasSubstr("d.txt:5: the ship has a box of 10 x 0 pixels"),
                                            HasSubstr("d.txt:6: the ship has a box"),
                                            HasSubstr("d.txt:7: the ship from (200, 10) to (220, 20) lies outside"),
                                            HasSubstr("d.txt:8: the ship"), HasSubstr("d.txt:9: a coordinate")));
}

TEST(ObjectCheck, UprightBoxesInsideOutAreNoBoxes) {
  ImageObjects image;
  image.objects.push_back({.name = "ship", .where = "a:1", .upright = UprightBox{20, 10, 10, 20}});
  image.objects.push_back({.name = "ship", .where = "a:2", .upright = UprightBox{20, 10, 20, 20}});
  image.objects.push_back({.name = "left out", .where = "a:3", .upright = UprightBox{20, 10, 20, 20}});
  image.objects.push_back({.name = "ship", .where = "a:4", .upright = UprightBox{90, 70, 120, 90}});
  const CheckedObjects checked = check(image, BoxKind::kUpright);
  EXPECT_THAT(checked.problems,
              ElementsAre("a:1: the ship has a box of -10 x 10 pixels", "a:2: the ship has a box of 0 x 10 pixels"));
  ASSERT_EQ(checked.labels.size(), 1);
  expect_box(checked.labels.boxes[0], {95, 75, 10, 10, 0}, 1e-12);  // cut to the image
}

TEST(ObjectCheck, AnOutlineGivesBothKindsOfBox) {
  ImageObjects image;
  const BoxCorners corners = OrientedBox{50, 40, 20, 10, 0.5}.corners();
  image.objects.push_back({.name = "ship", .where = "a:1", .outline = {corners.begin(), corners.end()}});
  expect_box(check(image).labels.boxes[0], {50, 40, 20, 10, 0.5}, 1e-9);
  const UprightBox found = check(image, BoxKind::kUpright).labels.boxes[0].bounds(), rim = bounds_of(corners);
  EXPECT_NEAR(found.left, rim.left, 1e-9);
  EXPECT_NEAR(found.bottom, rim.bottom, 1e-9);
}

}  // namespace
}  // namespace skysense
