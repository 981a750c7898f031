#include "infer/embed_points.h"

#include <gmock/gmock.h>

#include <cmath>
#include <fstream>

#include "core/error.h"
#include "core/files.h"
#include "infer/embed_scene.h"
#include "infer/nearest.h"
#include "testing/temporary_folder.h"
#include "tests/infer/nano_model.h"

namespace skysense {
namespace {

using ::testing::ElementsAre;
using testing::nano_model;
using testing::TemporaryFolder;
using testing::write_scene;

/// The lines of a CSV file, split at commas outside quotes.
std::vector<std::vector<std::string>> read_csv(const std::filesystem::path& file) {
  std::vector<std::vector<std::string>> rows;
  std::istringstream lines(read_text_file(file));
  for (std::string line; std::getline(lines, line);) {
    std::vector<std::string> cells(1);
    bool quoted = false;
    for (const char c : line) {
      if (c == '"')
        quoted = !quoted;
      else if (c == ',' && !quoted)
        cells.emplace_back();
      else if (c != '\r')
        cells.back() += c;
    }
    rows.push_back(cells);
  }
  return rows;
}

size_t column(const std::vector<std::string>& header, const std::string& name) {
  return static_cast<size_t>(std::find(header.begin(), header.end(), name) - header.begin());
}

class EmbedPoints : public ::testing::Test {
 protected:
  TemporaryFolder folder;
  Product product = nano_model(folder.path());
  EmbedOptions options;

  void SetUp() override {
    const auto wave = [](int64_t b, int64_t r, int64_t c) {
      return 100 + 80 * std::sin(0.2f * static_cast<float>(r + c * b));
    };
    options.scene.wanted = product.contracts;
    options.scene.images[Modality::kMs] = {
        {write_scene(folder / "s.tif", {.width = 40, .height = 40}, 2, PixelType::kUInt16, wave), {}, ""}};
  }
  /// Feature 0 of the map's cell.
  std::vector<float> first_feature() {
    EmbedJob job(product, options);
    embed_scene(job, {.path = folder / "map.tif", .overwrite = true});
    std::vector<float> values(1600);
    RasterReader((folder / "map.tif").string()).read({0, 0, 40, 40}, std::vector<int64_t>{0}, values.data(), nullptr);
    return values;
  }
};

TEST_F(EmbedPoints, APointHasTheFeaturesOfItsCell) {
  std::ofstream(folder / "p.csv") << "name,x,y\nfirst,500105,5599895\noutside,400000,5599895\nsecond,500275,5599705\n";
  EmbedJob job(product, options);
  const PointResult result = embed_points(job, {.shapes = folder / "p.csv", .nearest = 1}, {.path = folder / "v.csv"});
  EXPECT_EQ(result.shapes, 3);
  EXPECT_EQ(result.found, 2);
  const auto map = first_feature();
  const auto rows = read_csv(folder / "v.csv");
  ASSERT_EQ(rows.size(), 4u);
  const size_t f0 = column(rows[0], "f0"), name = column(rows[0], "name"), nearest = column(rows[0], "nearest_1");
  EXPECT_EQ(rows[1][name], "first");
  EXPECT_EQ(std::stof(rows[1][f0]), map[10 * 40 + 10]);
  EXPECT_EQ(rows[2][f0], "");
  EXPECT_EQ(std::stof(rows[3][f0]), map[29 * 40 + 27]);
  EXPECT_EQ(std::stod(rows[1][nearest]), 3);  // the third feature, by its number in the file
}

TEST_F(EmbedPoints, APolygonHasTheMeanOfTheCellsWhoseCentreItHolds) {
  std::ofstream(folder / "p.csv")
      << "wkt,kind\n\"POLYGON((500100 5599900,500130 5599900,500130 5599880,500100 5599880,500100 5599900))\",field\n"
      << "\"POLYGON((500101 5599899,500103 5599899,500103 5599897,500101 5599899))\",shed\n";
  EmbedJob job(product, options);
  embed_points(job, {.shapes = folder / "p.csv"}, {.path = folder / "v.csv"});
  const auto map = first_feature();
  double mean = 0;
  for (const int64_t row : {10, 11}) {
    for (const int64_t cell : {10, 11, 12}) mean += map[row * 40 + cell] / 6;
  }
  const auto rows = read_csv(folder / "v.csv");
  const size_t f0 = column(rows[0], "f0");
  EXPECT_NEAR(std::stod(rows[1][f0]), mean, 1e-6);
  EXPECT_EQ(std::stof(rows[2][f0]), map[10 * 40 + 10]);  // no centre within: the cell it lies in
}

TEST_F(EmbedPoints, LongitudeAndLatitudeAreReprojected) {
  // The middle of zone 31 is 3 degrees east, easting 500000.
  std::ofstream(folder / "p.csv") << "lon,lat\n3.0030,50.5499\n";
  EmbedJob job(product, options);
  const PointResult result = embed_points(job, {.shapes = folder / "p.csv"}, {.path = folder / "v.gpkg"});
  EXPECT_EQ(result.found, 1);
  EXPECT_TRUE(std::filesystem::exists(folder / "v.gpkg"));
}

TEST_F(EmbedPoints, PointsBesideTheSceneAreRefused) {
  std::ofstream(folder / "p.csv") << "x,y\n1,2\n";
  EmbedJob job(product, options);
  EXPECT_THROW(embed_points(job, {.shapes = folder / "p.csv"}, {.path = folder / "v.csv"}), DataError);
  EXPECT_THROW(embed_points(job, {.shapes = folder / "absent.gpkg"}, {.path = folder / "v.csv"}), DataError);
  EXPECT_FALSE(std::filesystem::exists(folder / "v.csv"));
}

TEST(Nearest, RanksByCosineAndLeavesOutRowsWithoutAValue) {
  const auto rows = torch::tensor({{1.0f, 0.0f}, {5.0f, 0.1f}, {0.0f, 1.0f}, {NAN, 1.0f}, {-1.0f, 0.0f}});
  const auto found = nearest_rows(rows, 2);
  EXPECT_EQ(found[0][0].index, 1);
  EXPECT_EQ(found[0][1].index, 2);
  EXPECT_NEAR(found[0][1].similarity, 0, 1e-9);
  EXPECT_TRUE(found[3].empty());
  EXPECT_EQ(found[2].size(), 2u);
}

}  // namespace
}  // namespace skysense
