#include "core/processor.h"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace skysense {
namespace {

/// What the kernel says of the processor.
class Processor : public ::testing::Test {
 protected:
  void SetUp() override {
    std::ifstream file("/proc/cpuinfo");
    cpuinfo_.assign(std::istreambuf_iterator<char>(file), {});
    if (!says("vendor_id")) GTEST_SKIP() << "the kernel names no processor here";
  }
  bool says(const std::string& word) const { return cpuinfo_.find(word) != std::string::npos; }

 private:
  std::string cpuinfo_;
};

TEST_F(Processor, HasTheInstructionsThatTheKernelNames) {
  EXPECT_EQ(has_bfloat16_instructions(), says("avx512_bf16") || says("amx_bf16"));
}

}  // namespace
}  // namespace skysense
