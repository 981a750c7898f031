#include "synth/noise.h"

#include <bit>

namespace skysense::synth {

float plain_log(float x) {
  const uint32_t bits = std::bit_cast<uint32_t>(x);
  int32_t exponent = static_cast<int32_t>(bits >> 23) - 127;
  double mantissa = std::bit_cast<float>((bits & 0x7FFFFFu) | 0x3F800000u);  // in [1, 2)
  if (mantissa > 1.41421356) {
    mantissa *= 0.5;
    ++exponent;
  }
  const double z = (mantissa - 1) / (mantissa + 1), square = z * z;
  const double series = 1 + square * (1.0 / 3 + square * (1.0 / 5 + square * (1.0 / 7 + square * (1.0 / 9))));
  return static_cast<float>(2 * z * series + 0.6931471805599453 * exponent);
}

float plain_exp2(float x) {
  const int32_t whole = floor_int(x);
  const double y = (static_cast<double>(x) - whole) * 0.6931471805599453;  // in [0, ln 2)
  double term = 1, sum = 1;
  for (int k = 1; k <= 9; ++k) {
    term *= y / k;
    sum += term;
  }
  return static_cast<float>(sum) * std::bit_cast<float>(static_cast<uint32_t>(whole + 127) << 23);
}

}  // namespace skysense::synth
