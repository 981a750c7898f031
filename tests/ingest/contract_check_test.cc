#include "ingest/contract_check.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "core/error.h"
#include "core/random.h"
#include "ingest/band_names.h"
#include "raster/raster_writer.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using testing::TemporaryFolder;
using ::testing::ThrowsMessage;

constexpr int64_t kSide = 48;

/// A raster for tests: value(band, random) of every pixel.
std::string write_scene(const TemporaryFolder& folder, const std::string& name, int64_t bands, PixelType type,
                        const std::function<double(int64_t, RandomStream&)>& value,
                        const std::vector<std::string>& names = {}, double gsd = 10) {
  RasterLayout layout;
  layout.width = layout.height = kSide;
  layout.bands = bands;
  layout.type = type;
  layout.format = "GTiff";
  layout.georeference = {wkt_from_text("EPSG:32631"), {500000, gsd, 0, 5600000, 0, -gsd}};
  layout.band_names = names;
  RandomStream random(1, 0, 0, "scene");
  std::vector<float> values;
  for (int64_t band = 0; band < bands; ++band) {
    for (int64_t i = 0; i < kSide * kSide; ++i) values.push_back(static_cast<float>(value(band, random)));
  }
  write_raster(folder / name, layout, values.data());
  return folder / name;
}

double digital_number(int64_t, RandomStream& random) { return std::floor(random.uniform(200, 4000)); }

std::vector<std::string> problems(const std::string& path, const std::string& sensor, bool fatal) {
  const SensorContract contract = builtin_contract(sensor);
  const RasterReader reader = open_for_contract(path, contract);
  std::vector<std::string> texts;
  for (const ContractProblem& problem : check_raster(reader, contract, find_bands(reader, contract))) {
    if (problem.fatal == fatal) texts.push_back(problem.text());
  }
  return texts;
}

TEST(ContractCheck, AFittingSceneHasNoProblem) {
  const TemporaryFolder folder;
  const std::string path = write_scene(folder, "a.tif", 10, PixelType::kUInt16, digital_number);
  EXPECT_THAT(problems(path, "sentinel2-l2a", true), IsEmpty());
  EXPECT_THAT(problems(path, "sentinel2-l2a", false), IsEmpty());
}

TEST(ContractCheck, ReflectanceInPlaceOfDigitalNumbersIsNamedWithTheFix) {
  const TemporaryFolder folder;
  const std::string path = write_scene(folder, "a.tif", 10, PixelType::kFloat32,
                                       [](int64_t, RandomStream& random) { return random.uniform(0.02, 0.5); });
  EXPECT_THAT(problems(path, "sentinel2-l2a", true),
              Contains(AllOf(HasSubstr("band B02"), HasSubstr("0.02"), HasSubstr("reflectance already"),
                             HasSubstr("multiply by 10000"))));
}

TEST(ContractCheck, DigitalNumbersAsFloatsAreFine) {
  const TemporaryFolder folder;
  const std::string path = write_scene(folder, "a.tif", 10, PixelType::kFloat32, digital_number);
  EXPECT_THAT(problems(path, "sentinel2-l2a", true), IsEmpty());
}

TEST(ContractCheck, LinearPowerAndDigitalNumbersAreNotDecibels) {
  const TemporaryFolder folder;
  const auto check = [&](const std::function<double(RandomStream&)>& value) {
    const std::string path = write_scene(folder, "a.tif", 2, PixelType::kFloat32,
                                         [&](int64_t, RandomStream& random) { return value(random); });
    return problems(path, "sentinel1-grd-db", true);
  };
  EXPECT_THAT(check([](RandomStream& random) { return random.uniform(0.01, 0.4); }),
              Contains(AllOf(HasSubstr("linear power"), HasSubstr("10*log10"))));
  EXPECT_THAT(check([](RandomStream& random) { return std::floor(random.uniform(50, 4000)); }),
              Contains(HasSubstr("uncalibrated")));
  EXPECT_THAT(check([](RandomStream& random) { return random.uniform(-25, -3); }), IsEmpty());
}

TEST(ContractCheck, TheBaseline0400OffsetIsSeenInNameAndValues) {
  const TemporaryFolder folder;
  const auto with_offset = [](int64_t, RandomStream& random) { return std::floor(random.uniform(1010, 4000)); };
  const std::string named =
      write_scene(folder, "S2A_MSIL2A_20230510T103021_N0509_R108.tif", 10, PixelType::kUInt16, with_offset);
  EXPECT_THAT(problems(named, "sentinel2-l2a", true),
              ElementsAre(AllOf(HasSubstr("baseline 04.00"), HasSubstr("sentinel2-l2a-0400"))));
  EXPECT_THAT(problems(named, "sentinel2-l2a-0400", true), IsEmpty());
  const std::string unnamed = write_scene(folder, "scene.tif", 10, PixelType::kUInt16, with_offset);
  EXPECT_THAT(problems(unnamed, "sentinel2-l2a", false), ElementsAre(HasSubstr("offset of 1000")));
  const std::string old = write_scene(folder, "old.tif", 10, PixelType::kUInt16, [](int64_t, RandomStream& random) {
    return std::floor(random.uniform(100, 900));
  });
  EXPECT_THAT(problems(old, "sentinel2-l2a-0400", true),
              Contains(AllOf(HasSubstr("negative reflectance"), HasSubstr("without -0400"))));
}

TEST(ContractCheck, AnEmptySceneIsRefused) {
  const TemporaryFolder folder;
  const std::string path =
      write_scene(folder, "a.tif", 10, PixelType::kUInt16, [](int64_t, RandomStream&) { return 0; });
  EXPECT_THAT(problems(path, "sentinel2-l2a", true), ElementsAre(HasSubstr("no valid pixel")));
}

TEST(ContractCheck, ZerosInSomeBandsAreMeasurements) {
  const TemporaryFolder folder;
  const std::string path = write_scene(folder, "a.tif", 10, PixelType::kUInt16, [](int64_t band, RandomStream& random) {
    return band == 9 ? 0 : digital_number(band, random);
  });
  EXPECT_THAT(problems(path, "sentinel2-l2a", true), IsEmpty());
  EXPECT_THAT(problems(path, "sentinel2-l2a", false), ElementsAre(AllOf(HasSubstr("B12"), HasSubstr("everywhere"))));
}

TEST(ContractCheck, NanPixelsAndPixelSizesAreWarnings) {
  const TemporaryFolder folder;
  const std::string path = write_scene(
      folder, "a.tif", 2, PixelType::kFloat32,
      [](int64_t, RandomStream& random) {
        return random.chance(0.1) ? std::numeric_limits<double>::quiet_NaN() : random.uniform(-25, -3);
      },
      {"VV", "VH"}, 40);
  EXPECT_THAT(problems(path, "sentinel1-grd-db", true), IsEmpty());
  EXPECT_THAT(problems(path, "sentinel1-grd-db", false), ElementsAre(HasSubstr("pixels of 40 m"), HasSubstr("NaN in")));
}

TEST(ContractCheck, RequireContractThrowsOneLineWithTheFile) {
  const TemporaryFolder folder;
  const std::string path = write_scene(folder, "a.tif", 2, PixelType::kFloat32,
                                       [](int64_t, RandomStream& random) { return random.uniform(0.01, 0.4); });
  const SensorContract contract = builtin_contract("sentinel1-grd-db");
  const RasterReader reader = open_for_contract(path, contract);
  EXPECT_THAT(
      [&] {
        require_contract(reader, contract, {0, 1});
      },
      ThrowsMessage<DataError>(
          AllOf(HasSubstr(path), HasSubstr("band VV"), HasSubstr("linear power"), Not(HasSubstr("\n")))));
}

TEST(FindBands, ByNameInAnyOrderAndSpelling) {
  const TemporaryFolder folder;
  const std::string path = write_scene(folder, "a.tif", 3, PixelType::kFloat32,
                                       [](int64_t, RandomStream&) { return -10; }, {"Sigma0_VH_db", "angle", "vv"});
  EXPECT_THAT(find_bands(RasterReader(path), builtin_contract("sentinel1-grd-db")), ElementsAre(2, 0));
}

TEST(FindBands, ByTheFullProductsOrder) {
  const TemporaryFolder folder;
  const std::string path = write_scene(folder, "a.tif", 12, PixelType::kUInt16, digital_number);
  EXPECT_THAT(find_bands(RasterReader(path), builtin_contract("sentinel2-l2a")),
              ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 10, 11));
}

TEST(FindBands, EuroSatsOrderIsSeenByItsCirrusBandAndRefusedWithTheMap) {
  const TemporaryFolder folder;
  const auto with_cirrus_at = [&](int64_t dark) {
    return write_scene(folder, "a.tif", 13, PixelType::kUInt16, [&](int64_t band, RandomStream& random) {
      return band == dark ? 12 : digital_number(band, random);
    });
  };
  const SensorContract contract = builtin_contract("sentinel2-l1c");
  EXPECT_THAT(find_bands(RasterReader(with_cirrus_at(10)), contract), ElementsAre(1, 2, 3, 4, 5, 6, 7, 8, 11, 12));
  const std::string map = "B02=2,B03=3,B04=4,B05=5,B06=6,B07=7,B08=8,B8A=13,B11=11,B12=12";
  const std::string path = with_cirrus_at(9);
  EXPECT_THAT([&] { find_bands(RasterReader(path), contract); }, ThrowsMessage<DataError>(HasSubstr("--bands " + map)));
  EXPECT_THAT(find_bands(RasterReader(path), contract, map), ElementsAre(1, 2, 3, 4, 5, 6, 7, 12, 10, 11));
}

TEST(FindBands, ByTheUsersMapBeforeNames) {
  const TemporaryFolder folder;
  const std::string path = write_scene(folder, "a.tif", 3, PixelType::kFloat32,
                                       [](int64_t, RandomStream&) { return -10; }, {"VV", "VH", "VV_smoothed_x"});
  EXPECT_THAT(find_bands(RasterReader(path), builtin_contract("sentinel1-grd-db"), "VV=3,VH=2"), ElementsAre(2, 1));
  EXPECT_THROW(find_bands(RasterReader(path), builtin_contract("sentinel1-grd-db"), "VV=4"), DataError);
  EXPECT_THAT([&] { find_bands(RasterReader(path), builtin_contract("sentinel1-grd-db"), "VX=1"); },
              ThrowsMessage<UsageError>(HasSubstr("did you mean")));
}

TEST(FindBands, NeverGuessesAndNamesTheMissingBand) {
  const TemporaryFolder folder;
  const std::string path = write_scene(folder, "a.tif", 4, PixelType::kUInt16, digital_number);
  EXPECT_THAT([&] { find_bands(RasterReader(path), builtin_contract("sentinel2-l2a")); },
              ThrowsMessage<DataError>(
                  AllOf(HasSubstr("band B02 is missing"), HasSubstr("4 bands without names"), HasSubstr("--bands"))));
}

TEST(BandNames, HaveOneSpelling) {
  EXPECT_EQ(canonical_band("b4"), "B04");
  EXPECT_EQ(canonical_band("S2-L2A-B8A"), "B8A");
  EXPECT_EQ(canonical_band("B11 - SWIR"), "B11");
  EXPECT_EQ(canonical_band("SR_B4"), "SR_B4");
  EXPECT_EQ(canonical_band("S1-SIGMA0-VV"), "VV");
  EXPECT_EQ(canonical_band("Red"), "red");
}

}  // namespace
}  // namespace skysense
