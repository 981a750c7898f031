#include "finetune/mixup.h"

#include <gtest/gtest.h>

#include <set>

#include "ground_samples.h"
#include "testing/all_close.h"

namespace skysense {
namespace {

using testing::all_close;
using testing::GroundSamples;

TEST(Mixup, PartnersAreDrawnAmongAllSamplesByTheKeyAlone) {
  std::set<int64_t> partners;
  int mixed = 0;
  for (uint64_t number = 0; number < 400; ++number) {
    const SampleKey key{.seed = 1, .epoch = 2, .sample = number};
    const auto drawn = draw_mixing({.chance = 0.5}, 10, key), again = draw_mixing({.chance = 0.5}, 10, key);
    ASSERT_EQ(drawn.has_value(), again.has_value());
    if (!drawn) continue;
    ++mixed;
    EXPECT_EQ(drawn->share, again->share);
    EXPECT_TRUE(drawn->share >= 0 && drawn->share <= 1);
    partners.insert(drawn->partner);
  }
  EXPECT_NEAR(mixed, 200, 40);
  EXPECT_EQ(partners.size(), 10U);
  EXPECT_EQ(*partners.rbegin(), 9);
  EXPECT_FALSE(draw_mixing({}, 10, {}).has_value());
}

TEST(Mixup, WhatOnlyOneOfTheTwoHasComesFromItUnmixed) {
  const GroundSamples dataset({8, 8}, 2, LabelKind::kClass);
  LabelledSample sample = dataset.get(0, {.modalities = {{true, false, false}}}),
                 other = dataset.get(0, {.modalities = {{true, true, false}}});
  sample.label = torch::tensor(int64_t{1});
  other.label = torch::tensor(int64_t{3});
  const auto kept = sample.images[Modality::kHr]->series.values.clone();
  other.images[Modality::kHr]->series.valid.fill_(false);
  mix_samples(sample, other, 0.25, dataset.description());
  EXPECT_TRUE(torch::equal(sample.images[Modality::kMs]->series.values, other.images[Modality::kMs]->series.values));
  // An invalid pixel counts as the mean of its band.
  EXPECT_TRUE(all_close(sample.images[Modality::kHr]->series.values.select(1, 0), 0.25 * kept.select(1, 0) - 0.75 * 7));
  EXPECT_TRUE(all_close(sample.label, torch::tensor({0.0F, 0.25F, 0.0F, 0.75F})));
}

TEST(Mixup, RefusesMasks) {
  const GroundSamples dataset({8, 8}, 1);
  LabelledSample sample = dataset.get(0);
  EXPECT_THROW(mix_samples(sample, dataset.get(0), 0.5, dataset.description()), c10::ValueError);
}

}  // namespace
}  // namespace skysense
