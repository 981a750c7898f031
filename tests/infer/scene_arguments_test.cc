#include "infer/scene_arguments.h"

#include <gmock/gmock.h>

#include "core/error.h"
#include "testing/temporary_folder.h"
#include "tests/infer/scene_files.h"

namespace skysense {
namespace {

using testing::small_contract;
using testing::TemporaryFolder;
using testing::write_scene;

TEST(SceneArguments, ADateFollowsTheSignOrStandsInTheName) {
  EXPECT_EQ(parse_image("a/b.tif@2024-05-01").path, "a/b.tif");
  EXPECT_EQ(parse_image("a/b.tif@2024-05-01").date, parse_date("2024-05-01"));
  EXPECT_EQ(parse_image("S2A_20170613T101031.tif").date, parse_date("2017-06-13"));
  EXPECT_EQ(parse_image("plain.tif").date, std::nullopt);
  EXPECT_THROW(parse_image("a.tif@May"), UsageError);
}

TEST(SceneArguments, ALoneRasterGoesToTheSensorWhoseBandsItHas) {
  const TemporaryFolder folder;
  const auto constant = [](int64_t, int64_t r, int64_t) { return static_cast<float>(r); };
  const auto three = write_scene(folder / "three.tif", {}, 3, PixelType::kUInt8, constant);
  const auto four = write_scene(folder / "four.tif", {}, 4, PixelType::kUInt16, constant);
  SensorContracts wanted;
  wanted[Modality::kHr] = small_contract(Modality::kHr, 3);
  wanted[Modality::kSar] = small_contract(Modality::kSar, 2);
  SceneArguments arguments;
  arguments.scene = three;
  EXPECT_EQ(resolve_scene(arguments, wanted, "").images[Modality::kHr].size(), 1u);
  arguments.scene = four;
  EXPECT_THROW(resolve_scene(arguments, wanted, ""), DataError);
  wanted[Modality::kHr].reset();
  EXPECT_EQ(resolve_scene(arguments, wanted, "").images[Modality::kSar].size(), 1u);  // the model's only sensor
}

TEST(SceneArguments, MasksGoToTheirDate) {
  SceneArguments arguments;
  arguments.images[Modality::kMs] = {"a.tif@2024-05-01", "b.tif@2024-06-01"};
  arguments.masks = {"m.tif@2024-06-01", "all.tif"};
  const SceneRequest request = resolve_scene(arguments, {}, "");
  EXPECT_EQ(request.images[Modality::kMs][0].mask, "all.tif");
  EXPECT_EQ(request.images[Modality::kMs][1].mask, "m.tif");
  arguments.masks = {"m.tif@2024-07-01"};
  EXPECT_THROW(resolve_scene(arguments, {}, ""), UsageError);
}

TEST(SceneArguments, ContradictionsAreWrongUsage) {
  SceneArguments arguments;
  EXPECT_THROW(resolve_scene(arguments, {}, ""), UsageError);
  arguments.scene = "a.tif";
  arguments.images[Modality::kMs] = {"b.tif"};
  EXPECT_THROW(resolve_scene(arguments, {}, ""), UsageError);
  arguments.scene.clear();
  arguments.sensors = {"aerial-rgb"};
  EXPECT_THROW(resolve_scene(arguments, {}, ""), UsageError);
  arguments.sensors = {"sentinel2-l2a", "landsat8-l2"};
  EXPECT_THROW(resolve_scene(arguments, {}, ""), UsageError);
}

}  // namespace
}  // namespace skysense
