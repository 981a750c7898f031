#include "core/random.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <set>

namespace skysense {
namespace {

TEST(Random, GivesThePublishedSplitMix64Sequence) {
  RandomStream stream(0);
  EXPECT_EQ(stream.next(), 0xE220A8397B1DCDAFull);
  EXPECT_EQ(stream.next(), 0x6E789E6AA1B965F4ull);
  EXPECT_EQ(stream.next(), 0x06C45D188009454Full);
}

TEST(Random, HashesTextAsPublishedFnv1a) {
  EXPECT_EQ(hash_text(""), 0xCBF29CE484222325ull);
  EXPECT_EQ(hash_text("a"), 0xAF63DC4C8601EC8Cull);
  EXPECT_EQ(hash_text("foobar"), 0x85944171F73967E8ull);
}

TEST(Random, EveryPartOfTheKeyMakesAnotherStream) {
  std::set<uint64_t> first;
  for (uint64_t seed = 0; seed < 4; ++seed) {
    for (uint64_t epoch = 0; epoch < 4; ++epoch) {
      for (uint64_t sample = 0; sample < 4; ++sample) {
        for (const char* purpose : {"dates", "crops"}) first.insert(RandomStream(seed, epoch, sample, purpose).next());
      }
    }
  }
  EXPECT_EQ(first.size(), 4u * 4u * 4u * 2u);
}

TEST(Random, TheSameKeyGivesTheSameStream) {
  RandomStream a(7, 1, 2, "crops"), b(7, 1, 2, "crops");
  for (int i = 0; i < 100; ++i) ASSERT_EQ(a.next(), b.next());
}

TEST(Random, CountsBelowCoverTheRangeEvenly) {
  RandomStream stream(1);
  std::array<int, 7> hits{};
  const int draws = 70000;
  for (int i = 0; i < draws; ++i) {
    const int64_t value = stream.below(7);
    ASSERT_GE(value, 0);
    ASSERT_LT(value, 7);
    ++hits[static_cast<size_t>(value)];
  }
  // Five standard deviations of a binomial count.
  for (const int count : hits) EXPECT_NEAR(count, draws / 7, 5 * std::sqrt(draws / 7.0));
}

TEST(Random, NormalsHaveTheMomentsOfANormal) {
  RandomStream stream(2);
  const int draws = 100000;
  double sum = 0, squares = 0, fourth = 0;
  for (int i = 0; i < draws; ++i) {
    const double x = stream.normal();
    ASSERT_TRUE(std::isfinite(x));
    sum += x;
    squares += x * x;
    fourth += x * x * x * x;
  }
  // Five standard errors each: 1, sqrt(2) and sqrt(96) over sqrt(draws).
  EXPECT_NEAR(sum / draws, 0, 0.016);
  EXPECT_NEAR(squares / draws, 1, 0.023);
  EXPECT_NEAR(fourth / draws, 3, 0.155);
}

TEST(Random, UniformsStayInsideTheirInterval) {
  RandomStream stream(3);
  double lowest = 1, highest = 0;
  for (int i = 0; i < 100000; ++i) {
    const double x = stream.uniform();
    lowest = std::min(lowest, x);
    highest = std::max(highest, x);
  }
  EXPECT_GE(lowest, 0);
  EXPECT_LT(lowest, 1e-3);
  EXPECT_LT(highest, 1);
  EXPECT_GT(highest, 1 - 1e-3);
}

}  // namespace
}  // namespace skysense
