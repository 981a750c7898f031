#include "ingest/validity_layer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace skysense {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

TEST(ValidityLayer, TheNameSaysWhichValuesAreUsable) {
  EXPECT_THAT(layer_valid_values("/a/T31UES_20230601T105621_SCL_20m.jp2"), ElementsAre(2, 4, 5, 6, 7, 11));
  EXPECT_THAT(layer_valid_values("/a/SCL/tile_20230601.tif"), ElementsAre(2, 4, 5, 6, 7, 11));
  EXPECT_THAT(layer_valid_values("LC08_L2SP_199024_20230601_02_T1_QA_PIXEL.TIF"), ElementsAre(21824, 21952, 30048));
  EXPECT_THAT(layer_valid_values("QI_DATA/MSK_CLASSI_B00.jp2"), ElementsAre(0));
  EXPECT_THAT(layer_valid_values("tile_cloud_20230601.tif"), ElementsAre(0));
  EXPECT_THAT(layer_valid_values("clear_2023-06-01.tif"), IsEmpty()) << "any value but 0";
  EXPECT_FALSE(is_cloud_mask("clouds/tile.tif")) << "a folder's name does not make its images masks";
  EXPECT_FALSE(is_cloud_mask("cloudfree_2023.tif"));
}

}  // namespace
}  // namespace skysense
