#pragma once

#include <cstdint>

namespace skysense::synth {

// The world's randomness: integer hashes of lattice points, and plain float arithmetic between them. No libm, no
// contraction: the same bits on every x86-64 machine.

/// A well-mixed 32-bit hash of a lattice point (Chris Wellons' lowbias32 as finaliser).
inline uint32_t lattice_hash(uint32_t seed, int32_t x, int32_t y) {
  uint32_t h = seed ^ (static_cast<uint32_t>(x) * 0x9E3779B1u) ^ (static_cast<uint32_t>(y) * 0x85EBCA77u + 0x165667B1u);
  h ^= h >> 16;
  h *= 0x21F0AAADu;
  h ^= h >> 15;
  h *= 0x735A2D97u;
  return h ^ (h >> 15);
}

/// The top 24 bits as a number in [0, 1).
inline float unit(uint32_t hash) { return static_cast<float>(hash >> 8) * 0x1.0p-24f; }
/// An independent number in [0, 1) for each `channel` of one hash.
inline float unit(uint32_t hash, int32_t channel) { return unit(lattice_hash(hash, channel, 0x51ED)); }
inline float between(float low, float high, float share) { return low + (high - low) * share; }

inline int32_t floor_int(float x) {
  const int32_t i = static_cast<int32_t>(x);
  return i - (x < static_cast<float>(i) ? 1 : 0);
}

inline int64_t floor_div(int64_t a, int64_t b) { return a / b - (a % b < 0 ? 1 : 0); }

inline float clamp01(float x) { return x < 0 ? 0.0f : x > 1 ? 1.0f : x; }
/// 0 below `low`, 1 above `high`, a smooth step between.
inline float smooth_step(float low, float high, float x) {
  const float t = clamp01((x - low) / (high - low));
  return t * t * (3 - 2 * t);
}
inline float absolute(float x) { return x < 0 ? -x : x; }

/// Distance to the nearest multiple of `period`, in [0, period / 2].
inline float distance_to_multiple(float x, float period) {
  const float share = x / period;
  const float offset = share - static_cast<float>(floor_int(share));
  return (offset < 0.5f ? offset : 1 - offset) * period;
}

/// Smooth value noise in [0, 1): lattice values joined by smooth steps, features about one unit wide.
inline float value_noise(uint32_t seed, float x, float y) {
  const int32_t ix = floor_int(x), iy = floor_int(y);
  const float fx = x - static_cast<float>(ix), fy = y - static_cast<float>(iy);
  const float sx = fx * fx * (3 - 2 * fx), sy = fy * fy * (3 - 2 * fy);
  const float a = unit(lattice_hash(seed, ix, iy)), b = unit(lattice_hash(seed, ix + 1, iy));
  const float c = unit(lattice_hash(seed, ix, iy + 1)), d = unit(lattice_hash(seed, ix + 1, iy + 1));
  const float top = a + (b - a) * sx, bottom = c + (d - c) * sx;
  return top + (bottom - top) * sy;
}

/// Octaves of value noise, each half as wide and strong as the one before; in [0, 1), mean 0.5.
inline float fractal_noise(uint32_t seed, float x, float y, int octaves) {
  float sum = 0, weight = 0.5f, total = 0;
  for (int octave = 0; octave < octaves; ++octave) {
    sum += weight * value_noise(seed + static_cast<uint32_t>(octave) * 0x9E37u, x, y);
    total += weight;
    weight *= 0.5f;
    x = 2 * x + 17.3f;
    y = 2 * y - 9.1f;
  }
  return sum / total;
}

/// A direction in the plane, from a rational parametrisation of the circle.
struct Direction {
  float x = 1, y = 0;
};

/// share in [0, 1) -> once around the circle (not evenly, but everywhere).
inline Direction direction_of(float share) {
  const float quarter = share * 4;
  const int32_t turns = floor_int(quarter);
  const float t = quarter - static_cast<float>(turns);
  const float scale = 1 / (1 + t * t);
  float x = (1 - t * t) * scale, y = 2 * t * scale;  // the first quarter
  for (int32_t i = 0; i < (turns & 3); ++i) {
    const float turned = -y;
    y = x;
    x = turned;
  }
  return {x, y};
}

/// Natural logarithm by an atanh series on the mantissa: exact to 1e-7 relative, and the same on every machine.
/// x must be positive and normal.
float plain_log(float x);
/// 2 to the power x by a polynomial on the fraction: to 1e-6 relative, the same on every machine. |x| < 100.
float plain_exp2(float x);
inline float decibels(float power) { return 4.3429448f * plain_log(power); }
inline float power_of(float decibels) { return plain_exp2(decibels * 0.33219281f); }

}  // namespace skysense::synth
