#include "engine/bfloat16.h"

#include <gtest/gtest.h>
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <sstream>
#include <string>

#include "core/processor.h"

namespace skysense {
namespace {

/// What is logged meanwhile.
std::string warning_of(torch::Device device, torch::Dtype dtype) {
  std::ostringstream said;
  const auto earlier = spdlog::default_logger();
  spdlog::set_default_logger(
      std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(said)));
  warn_of_slow_bfloat16(device, dtype);
  spdlog::set_default_logger(earlier);
  return said.str();
}

TEST(Bfloat16, AProcessorWithoutThemIsWarnedOf) {
  EXPECT_EQ(warning_of(torch::kCPU, torch::kBFloat16).find("float32 is faster") == std::string::npos,
            has_bfloat16_instructions());
  EXPECT_EQ(warning_of(torch::kCPU, torch::kFloat32), "");
  EXPECT_EQ(warning_of(torch::kCUDA, torch::kBFloat16), "");
}

}  // namespace
}  // namespace skysense
