#include "core/memory.h"

#include <gtest/gtest.h>

#include <vector>

namespace skysense {
namespace {

TEST(Memory, ThePeakFollowsWhatIsTouched) {
  const int64_t before = peak_resident_bytes();
  const int64_t size = resident_bytes() + (64 << 20);
  std::vector<char> block(static_cast<size_t>(size), 1);
  EXPECT_GE(resident_bytes(), size);
  EXPECT_GE(peak_resident_bytes(), size);
  EXPECT_GE(peak_resident_bytes(), before + block[0]);
}

}  // namespace
}  // namespace skysense
