#pragma once

#include <gtest/gtest.h>
#include <torch/types.h>

namespace skysense::testing {

/// |actual - expected| <= absolute + relative * |expected| everywhere; says which shapes differ or how much.
::testing::AssertionResult all_close(const torch::Tensor& actual, const torch::Tensor& expected, double relative = 1e-5,
                                     double absolute = 1e-6);

/// ||actual - expected||2 <= tolerance * ||expected||2.
::testing::AssertionResult relative_l2_within(const torch::Tensor& actual, const torch::Tensor& expected,
                                              double tolerance);

}  // namespace skysense::testing
