#include <gtest/gtest.h>

#include <fstream>
#include <set>

#include "raster/raster_reader.h"
#include "testing/fixture.h"
#include "testing/temporary_folder.h"

namespace skysense {
namespace {

using testing::Fixture;
using testing::TemporaryFolder;

std::string text_of(const torch::Tensor& bytes) {
  return {reinterpret_cast<const char*>(bytes.data_ptr<uint8_t>()), static_cast<size_t>(bytes.numel())};
}

std::set<std::string> file_names(const Fixture& fixture) {
  std::set<std::string> names;
  for (const auto& [key, tensor] : fixture.with_prefix("")) names.insert(key.substr(0, key.find('|')));
  return names;
}

TEST(RasterReadingParity, ValuesMasksTransformAndSystemAreThoseOfRasterio) {
  const TemporaryFolder folder;
  const Fixture fixture("raster_reading");
  const auto names = file_names(fixture);
  ASSERT_GE(names.size(), 6U);
  for (const std::string& name : names) {
    const std::string path = folder / "raster.tif";
    std::ofstream(path, std::ios::binary) << text_of(fixture[name + "|file"]);
    const auto expected = fixture[name + "|values"];
    const RasterReader reader(path);
    ASSERT_EQ(static_cast<int64_t>(reader.bands().size()), expected.size(0)) << name;
    auto values = torch::empty_like(expected);
    auto valid = torch::empty({expected.size(1), expected.size(2)}, torch::kUInt8);
    reader.read({0, 0, reader.width(), reader.height()}, band_range(expected.size(0)), values.data_ptr<float>(),
                valid.data_ptr<uint8_t>());
    const auto usable = valid.to(torch::kBool);
    const auto difference = (values - torch::where(usable, expected, torch::zeros({}))).abs().max();
    EXPECT_LE(difference.item<float>(), fixture[name + "|tolerance"].item<float>()) << name;
    EXPECT_FALSE((usable & ~fixture[name + "|some_band_valid"]).any().item<bool>())
        << name << ": valid where rasterio has nothing";
    EXPECT_FALSE((~usable & fixture[name + "|all_bands_valid"]).any().item<bool>())
        << name << ": invalid where all bands are valid";
    const auto transform = fixture[name + "|transform"];
    for (int64_t i = 0; i < 6; ++i)
      EXPECT_DOUBLE_EQ(reader.georeference().transform[i], transform[i].item<double>()) << name;
    EXPECT_TRUE(same_crs(reader.georeference().wkt, text_of(fixture[name + "|wkt"]))) << name;
  }
}

}  // namespace
}  // namespace skysense
