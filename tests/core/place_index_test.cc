#include "core/place_index.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"
#include "core/files.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

constexpr const char* kPlace =
    R"({"id": "a", "hr": [{"path": "hr.tif"}], "ms": [{"path": ["B02.tif", "B03.tif"], "date": "2024-05-01", "validity": "scl.tif"}],)"
    R"( "label": "label.tif", "lonlat": [8.5, -47.25], "class": 3,)"
    R"( "ground": {"crs": "EPSG:32631", "box": [500000, 5600000, 500640.5, 5600640]}})";

TEST(PlaceIndex, ReadsEveryPartOfAPlace) {
  const PlaceRecord place = parse_place(kPlace, "test:1");
  EXPECT_EQ(place.id, "a");
  ASSERT_EQ(place.images[Modality::kHr].size(), 1u);
  EXPECT_EQ(place.images[Modality::kHr][0].paths, std::vector<std::string>{"hr.tif"});
  EXPECT_FALSE(place.images[Modality::kHr][0].date);
  ASSERT_EQ(place.images[Modality::kMs].size(), 1u);
  const PlaceImage& ms = place.images[Modality::kMs][0];
  EXPECT_EQ(ms.paths, (std::vector<std::string>{"B02.tif", "B03.tif"}));
  EXPECT_EQ(ms.date, (Date{2024, 5, 1}));
  EXPECT_EQ(ms.validity, "scl.tif");
  EXPECT_TRUE(place.images[Modality::kSar].empty());
  EXPECT_EQ(place.label, "label.tif");
  EXPECT_EQ(place.longitude_deg, 8.5);
  EXPECT_EQ(place.latitude_deg, -47.25);
  EXPECT_EQ(place.scene_class, 3);
  EXPECT_EQ(place.ground, (PlaceGround{"EPSG:32631", 500000, 5600000, 500640.5, 5600640}));
  EXPECT_EQ(ms.add, 0);
}

TEST(PlaceIndex, WritesWhatReadsBackTheSame) {
  testing::TemporaryFolder folder;
  PlaceRecord first = parse_place(kPlace, "test:1"), second = first;
  second.id = "b \"quoted\"\n";
  second.images[Modality::kHr].clear();
  write_place_index(folder / "index.jsonl", {first, second});
  const auto places = read_place_index(folder / "index.jsonl");
  ASSERT_EQ(places.size(), 2u);
  EXPECT_EQ(format_place(places[0]), format_place(first));
  EXPECT_EQ(places[1].id, second.id);
  EXPECT_TRUE(places[1].images[Modality::kHr].empty());
}

TEST(PlaceIndex, RefusalsNameFileLineAndReason) {
  testing::TemporaryFolder folder;
  const std::string good = R"({"id": "a", "hr": [{"path": "x.tif"}]})";
  const auto refuses = [&](const std::string& line, const std::string& reason) {
    write_file_atomically(folder / "index.jsonl", good + "\n\n" + line + "\n");
    EXPECT_THAT([&] { read_place_index(folder / "index.jsonl"); },
                ThrowsMessage<DataError>(AllOf(HasSubstr("index.jsonl:3"), HasSubstr(reason))))
        << line;
  };
  refuses("{", "not a place");
  refuses(R"([1])", "not a place");
  refuses(R"({"hr": [{"path": "x.tif"}]})", "id");
  refuses(R"({"id": "b"})", "no image");
  refuses(R"({"id": "b", "hr": []})", "no image");
  refuses(R"({"id": "b", "hr": [{"path": []}]})", "without a path");
  refuses(R"({"id": "b", "hr": [{"path": 5}]})", "not a place");
  refuses(R"({"id": "b", "ms": [{"path": "x", "date": "May"}]})", "'May' is no date");
  refuses(R"({"id": "b", "hr": [{"path": "x"}], "lonlat": [200, 0]})", "lonlat");
  refuses(R"({"id": "b", "hr": [{"path": "x"}], "lonlat": [1]})", "lonlat");
  refuses(R"({"id": "b", "hr": [{"path": "x"}], "class": 11111111111111111111111111111113})",
          "class must be a whole number");
  refuses(R"({"id": "b", "hr": [{"path": "x"}], "class": 1.5})", "class must be a whole number");
  const auto with_ground = [](const std::string& ground) {
    return R"({"id": "b", "hr": [{"path": "x"}], "ground": )" + ground + "}";
  };
  refuses(with_ground(R"("EPSG:32631")"), "not a place");
  refuses(with_ground(R"({"box": [0, 0, 1, 1]})"), "crs");
  refuses(with_ground(R"({"crs": "", "box": [0, 0, 1, 1]})"), "ground without a crs");
  refuses(with_ground(R"({"crs": "EPSG:32631"})"), "box");
  refuses(with_ground(R"({"crs": "EPSG:32631", "box": [0, 0, 1]})"), "[xmin, ymin, xmax, ymax]");
  refuses(with_ground(R"({"crs": "EPSG:32631", "box": [0, 1, 1, 1]})"), "xmin < xmax");
  refuses(R"({"id": "b", "ms": [{"path": "x", "add": "1000"}]})", "not a place");
  refuses(good, "'a' stands on an earlier line");
}

TEST(PlaceIndex, AnEmptyIndexIsRefused) {
  testing::TemporaryFolder folder;
  write_file_atomically(folder / "index.jsonl", "\n");
  EXPECT_THAT([&] { read_place_index(folder / "index.jsonl"); }, ThrowsMessage<DataError>(HasSubstr("no places")));
}

}  // namespace
}  // namespace skysense
