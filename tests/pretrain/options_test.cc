#include "pretrain/options.h"

#include <gtest/gtest.h>

#include "engine/adamw.h"

namespace skysense {
namespace {

/// Paper sec. 4.1 and App. C, number by number.
TEST(PretrainOptions, V2HasThePapersNumbers) {
  const PretrainOptions v2 = pretrain_options("v2");
  EXPECT_EQ(v2.train.steps, 600'000);
  EXPECT_EQ(v2.train.batch_size, 1024);
  EXPECT_EQ(v2.train.schedule.lr, 2e-4);
  EXPECT_EQ(v2.train.schedule.final_lr, 1e-6);
  EXPECT_EQ(v2.train.schedule.weight_decay, 0.04);
  EXPECT_EQ(v2.train.schedule.final_weight_decay, 0.2);
  EXPECT_EQ(v2.train.schedule.momentum, 0.996);
  EXPECT_EQ(v2.train.schedule.final_momentum, 1);
  EXPECT_EQ(v2.train.clip_norm, 3);
  EXPECT_EQ(v2.train.moe_loss_weight, 0.01);
  EXPECT_EQ(v2.weights.mgcl, 1);
  EXPECT_EQ(v2.weights.qsacl, 1);
  EXPECT_EQ(v2.weights.ita, 1);
  EXPECT_EQ(v2.qsacl.queries, 16);
  EXPECT_EQ(v2.views.global_views, 2);
  EXPECT_EQ(v2.views.local_views, 6);
  EXPECT_EQ(v2.views.ms_window, 20);
  EXPECT_EQ(v2.views.sar_window, 10);
  EXPECT_EQ(v2.gcpl.regions, 4096);
  EXPECT_EQ(v2.gcpl.prototypes, 100);
  EXPECT_EQ(AdamWOptions{}.beta1, 0.9);
  EXPECT_EQ(AdamWOptions{}.beta2, 0.999);
  EXPECT_TRUE(v2.contrast.pixel_level && v2.contrast.object_level && v2.contrast.image_level);
  EXPECT_TRUE(v2.augment.flip && v2.augment.rotate);
  for (const double chance : {v2.augment.blur_chance, v2.augment.solarise_chance, v2.augment.colour_chance})
    EXPECT_GT(chance, 0);
  EXPECT_GT(v2.augment.day_jitter, 0);
  // What the paper has not is off.
  EXPECT_EQ(v2.contrast.spread, 0);
  EXPECT_FALSE(v2.contrast.sinkhorn || v2.contrast.fit_heads || v2.views.own_dates);
  EXPECT_EQ(v2.augment.gain, 0);
}

}  // namespace
}  // namespace skysense
