#include "engine/device.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "core/error.h"

namespace skysense {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

TEST(Device, KnownWordsAreRead) {
  EXPECT_EQ(parse_device("cpu"), torch::Device(torch::kCPU));
  EXPECT_TRUE(parse_device("auto").is_cpu() || parse_device("auto").is_cuda());
  EXPECT_EQ(parse_dtype("float32"), torch::kFloat32);
  EXPECT_EQ(parse_dtype("bfloat16"), torch::kBFloat16);
}

TEST(Device, OtherWordsAreRefused) {
  for (const char* name : {"gpu", "cuda:", "cuda:x", "cuda:-1", "cuda:1x", ""}) {
    EXPECT_THAT([&] { parse_device(name); }, ThrowsMessage<UsageError>(HasSubstr("auto, cpu, cuda or cuda:N"))) << name;
  }
  EXPECT_THAT([] { parse_dtype("float16"); }, ThrowsMessage<UsageError>(HasSubstr("float32 or bfloat16")));
}

TEST(Device, AGpuThatIsNotThereIsNamed) {
  EXPECT_THAT([] { parse_device("cuda:99"); }, ThrowsMessage<DataError>(HasSubstr("cuda")));
}

}  // namespace
}  // namespace skysense
