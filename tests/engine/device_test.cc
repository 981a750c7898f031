#include "engine/device.h"

#include <ATen/autocast_mode.h>
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

TEST(Device, AutocastLastsAsLongAsItsScope) {
  const auto a = torch::ones({4, 4}), b = torch::ones({4, 4});
  {
    const AutocastScope bf16(torch::kCPU, torch::kBFloat16);
    EXPECT_EQ(at::matmul(a, b).dtype(), torch::kBFloat16);
    const AutocastScope full(torch::kCPU, torch::kFloat32);
    EXPECT_EQ(at::matmul(a, b).dtype(), torch::kFloat32);
  }
  EXPECT_EQ(at::matmul(a, b).dtype(), torch::kFloat32);
}

TEST(Device, AutocastSeesAWeightChangedBetweenScopes) {
  const auto input = torch::ones({1, 1});
  auto weight = torch::ones({1, 1}).requires_grad_();  // only leaves that require a gradient are cached
  const auto product = [&] {
    const AutocastScope bf16(torch::kCPU, torch::kBFloat16);
    return at::matmul(input, weight).item<float>();
  };
  EXPECT_EQ(product(), 1);
  {
    const torch::NoGradGuard no_grad;
    weight.fill_(3);
  }
  EXPECT_EQ(product(), 3);
}

}  // namespace
}  // namespace skysense
