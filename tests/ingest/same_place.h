#pragma once

#include <gtest/gtest.h>

#include "data/place_sample.h"

namespace skysense::testing {

/// The same tensors, types and bits; NaN would differ, and none may stand in a sample.
inline ::testing::AssertionResult same(const PlaceSample& a, const PlaceSample& b) {
  const auto equal = [](const torch::Tensor& x, const torch::Tensor& y) {
    return x.defined() == y.defined() && (!x.defined() || (x.dtype() == y.dtype() && torch::equal(x, y)));
  };
  if (a.id != b.id || a.longitude_deg != b.longitude_deg || a.latitude_deg != b.latitude_deg ||
      a.scene_class != b.scene_class)
    return ::testing::AssertionFailure() << a.id << ": id, position or class differ";
  if (!equal(a.label, b.label)) return ::testing::AssertionFailure() << a.id << ": labels differ";
  for (const Modality modality : kModalities) {
    const auto &x = a.images[modality], &y = b.images[modality];
    if (x.has_value() != y.has_value()) return ::testing::AssertionFailure() << a.id << ": modalities differ";
    if (x && !(equal(x->values, y->values) && equal(x->valid, y->valid) && equal(x->day_of_year, y->day_of_year)))
      return ::testing::AssertionFailure() << a.id << ": " << modality_name(modality) << " differs";
  }
  return ::testing::AssertionSuccess();
}

}  // namespace skysense::testing
