#include "testing/all_close.h"

#include <sstream>

namespace skysense::testing {
namespace {

::testing::AssertionResult same_shape(const torch::Tensor& actual, const torch::Tensor& expected) {
  if (!actual.defined() || !expected.defined()) return ::testing::AssertionFailure() << "a tensor is undefined";
  if (actual.sizes() != expected.sizes()) {
    std::ostringstream text;
    text << "shapes differ: got " << actual.sizes() << ", expected " << expected.sizes();
    return ::testing::AssertionFailure() << text.str();
  }
  return ::testing::AssertionSuccess();
}

}  // namespace

::testing::AssertionResult all_close(const torch::Tensor& actual, const torch::Tensor& expected, double relative,
                                     double absolute) {
  if (const auto shapes = same_shape(actual, expected); !shapes) return shapes;
  const auto a = actual.detach().to(torch::kDouble), e = expected.detach().to(torch::kDouble);
  if (at::allclose(a, e, relative, absolute)) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "largest difference " << (a - e).abs().max().item<double>()
                                       << " where values reach " << e.abs().max().item<double>();
}

::testing::AssertionResult relative_l2_within(const torch::Tensor& actual, const torch::Tensor& expected,
                                              double tolerance) {
  if (const auto shapes = same_shape(actual, expected); !shapes) return shapes;
  const auto a = actual.detach().to(torch::kDouble), e = expected.detach().to(torch::kDouble);
  const double difference = (a - e).norm().item<double>(), size = e.norm().item<double>();
  if (difference <= tolerance * size) return ::testing::AssertionSuccess();
  return ::testing::AssertionFailure() << "relative L2 difference " << difference / size << " exceeds " << tolerance;
}

}  // namespace skysense::testing
