#include "core/progress.h"

#include <gtest/gtest.h>

namespace skysense {
namespace {

TEST(Progress, SpellsDurations) {
  EXPECT_EQ(duration_text(0.2), "0 s");
  EXPECT_EQ(duration_text(59.4), "59 s");
  EXPECT_EQ(duration_text(59.6), "1 min 00 s");
  EXPECT_EQ(duration_text(200), "3 min 20 s");
  EXPECT_EQ(duration_text(3725), "1 h 02 min");
}

TEST(Progress, ShowsNothingForShortWork) {
  ::testing::internal::CaptureStderr();
  {
    Progress progress("reading", 10, "places");
    for (int i = 0; i <= 10; ++i) progress.update(i);
  }
  EXPECT_EQ(::testing::internal::GetCapturedStderr(), "");
}

}  // namespace
}  // namespace skysense
